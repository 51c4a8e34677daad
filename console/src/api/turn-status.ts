/** How a turn stands, and how its messages ended. */
export type TurnStatus = 'running' | 'complete' | 'stopped' | 'failed' | 'interrupted' | 'violation';
