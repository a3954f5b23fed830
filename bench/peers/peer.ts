import type { InstallContext } from '../../src/temporal/install-once';
import type { Figures, Sizes } from './phases';

export interface Row {
  readonly name: string;
  /** What is written down of each step, and when. */
  readonly records: string;
  readonly figures: Figures;
}

export interface PeerContext {
  readonly sizes: Sizes;
  /** Empty, and the peer's alone. */
  readonly directory: string;
  readonly say: (line: string) => void;
}

/** One way to carry out durable orders, to be measured beside the others. */
export interface Peer<Installed = unknown> {
  /** As `--only` has it. */
  readonly name: string;
  readonly title: string;
  /** Gets what it needs, once, and says where it is. */
  readonly install: (context: InstallContext) => Promise<Installed>;
  /**
   * Starts it, measures it, checks what its steps have done, and leaves no process behind.
   *
   * @throws Error when it fails, or when its steps did not run as they should have.
   */
  readonly run: (installed: Installed, context: PeerContext) => Promise<readonly Row[]>;
}
