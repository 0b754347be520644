/** The part of ml-regression used here; the package ships no types. */
declare module 'ml-regression' {
  /** Ordinary least squares of several outputs on several inputs, with an intercept. */
  export class MultivariateLinearRegression {
    constructor(inputs: number[][], outputs: number[][], options?: { statistics?: boolean });
    /** One row per input, the intercept last; one column per output. */
    readonly weights: number[][];
  }
}
