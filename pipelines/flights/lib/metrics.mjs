/** Area under the ROC curve: the chance that a random positive scores above a random negative (ties count half). */
export function auc(scores, target) {
  const order = Array.from(scores.keys()).sort((a, b) => scores[a] - scores[b]);
  let [positives, rankSum, start] = [0, 0, 0];
  while (start < order.length) {
    let end = start + 1;
    while (end < order.length && scores[order[end]] === scores[order[start]]) end++;
    for (let i = start; i < end; i++) {
      if (target[order[i]] !== 1) continue;
      positives++;
      rankSum += (start + end + 1) / 2;
    }
    start = end;
  }
  const negatives = order.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Mean squared error of probabilities: how well they are calibrated and sharp. Smaller is better. */
export function brier(scores, target) {
  return scores.reduce((sum, p, i) => sum + (p - target[i]) ** 2, 0) / scores.length;
}
