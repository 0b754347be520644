import type { NodeId } from './ids.js';
import type { ResourceRequest, Resources } from './resources.js';

/** What a task asks of the nodes it goes to, and of what it shares with others, beyond amounts of hardware. */
export interface Placement {
  /** Labels that the node must have: a kind of device, a region. */
  readonly labels: Readonly<Record<string, string>>;
  /** What others may know it by. */
  readonly tags: readonly string[];
  /** Rather on a node where a task with one of these tags runs. */
  readonly near: readonly string[];
  /** Never on a node where a task with one of these tags runs. */
  readonly apart: readonly string[];
  /** Its devices may lie on several nodes. */
  readonly spans: boolean;
  /** How much it uses of each limit that the policy names. */
  readonly limits: Readonly<Record<string, number>>;
  /** The services outside that it calls, as host or host:port; none where absent. */
  readonly endpoints?: readonly string[];
  /** Nodes where its inputs lie already: preferred. */
  readonly dataOn: readonly NodeId[];
}

/** The placement of a task that asks for nothing special. */
export const ANYWHERE: Placement = {
  labels: {},
  tags: [],
  near: [],
  apart: [],
  spans: false,
  limits: {},
  dataOn: [],
};

/** One place to run that a task lists: what it holds there, and how fast it is there (2: in half the time). */
export interface Option {
  readonly request: ResourceRequest;
  readonly speed: number;
}

/** A part of a node that a lease holds. */
export interface LeasePart {
  readonly nodeId: NodeId;
  /** The node's incarnation at the grant. */
  readonly incarnation: number;
  /** Indices of the node's devices. */
  readonly devices: readonly number[];
  readonly resources: Resources;
}
