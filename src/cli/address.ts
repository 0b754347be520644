import { readFileSync } from 'node:fs';
import { type ApiClient, createClient } from '../api/client/index.js';

/** Options of every command that asks the API. */
export interface ApiOptions {
  readonly api?: string;
  readonly json?: boolean;
}

const DEFAULT_URL = 'http://127.0.0.1:7700';
/** Where `signalbox dev` says how to reach it, below the folder it was started in. */
const DEV_FILE = '.signalbox/dev.json';

/** The API's address: the option, else SIGNALBOX_API_URL, else the `signalbox dev` of this folder, else port 7700 here. */
export const apiUrl = (option: string | undefined): string =>
  option ?? process.env.SIGNALBOX_API_URL ?? devUrl() ?? DEFAULT_URL;

const devUrl = (): string | undefined => {
  try {
    return (JSON.parse(readFileSync(DEV_FILE, 'utf8')) as { apiUrl?: string }).apiUrl;
  } catch {
    return undefined;
  }
};

/** A client of that API, with the token of SIGNALBOX_API_TOKEN where set. */
export const openClient = ({ api }: ApiOptions): ApiClient => {
  const token = process.env.SIGNALBOX_API_TOKEN;
  return createClient({ url: apiUrl(api), ...(token ? { token } : {}) });
};
