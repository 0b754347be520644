/** How many steps a chain has. */
export const STEPS = 20;
/** How many chains a burst starts at once. */
export const BURST = 60;
