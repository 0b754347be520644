/**
 * Loaded once per worker instead of once per run: the expression language is the largest part of the workflow code.
 * Temporal takes a stack trace for each promise of a workflow; a third of the workflow thread's time went into traces
 * of ten frames (3.8 s of 1,200 steps; 2.6 s with three frames and this preloading).
 */
import '../src/domain/pipeline/runtime.js';

Error.stackTraceLimit = 3;
