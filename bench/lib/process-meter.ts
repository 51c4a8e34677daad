import { readFileSync } from 'node:fs';

/** What a process uses, read from /proc (Linux; elsewhere there is nothing to read). */
export interface ProcessUse {
  rssMib: number;
  /** Processor time since its start. */
  cpuSeconds: number;
}

/** Processor time of the whole machine since it was started, all cores together. */
export interface MachineUse {
  busySeconds: number;
  /** Taken by other virtual machines on the same host. */
  stolenSeconds: number;
}

const SAMPLE_INTERVAL_MS = 200;
/** USER_HZ, the unit of the times in /proc/PID/stat: 100 on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;

/** Watches processes while a benchmark runs. */
export class ProcessMeter {
  private readonly pids: ReadonlyMap<string, number>;
  private readonly peaksMib = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;

  /** @param pids the processes by the names under which they are reported */
  constructor(pids: ReadonlyMap<string, number>) {
    this.pids = pids;
    this.timer = setInterval(() => this.read(), SAMPLE_INTERVAL_MS);
    this.timer.unref();
  }

  /** What each process uses now; a process that is gone is left out. */
  read(): Map<string, ProcessUse> {
    const uses = new Map<string, ProcessUse>();
    for (const [name, pid] of this.pids) {
      const use = readProcess(pid);
      if (!use) continue;
      uses.set(name, use);
      this.peaksMib.set(name, Math.max(use.rssMib, this.peaksMib.get(name) ?? 0));
    }
    return uses;
  }

  /** The largest resident set that was seen of a process, in MiB; NaN if it was never seen. */
  peakRssMib(name: string): number {
    return this.peaksMib.get(name) ?? Number.NaN;
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

/** What the machine has done; NaN where there is no /proc/stat. */
export function readMachine(): MachineUse {
  try {
    // proc(5): user, nice, system, idle, iowait, irq, softirq, steal. Guests are counted in user and nice.
    const fields = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.trim().split(/\s+/).slice(1) ?? [];
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields.map(Number);
    return {
      busySeconds: (user + nice + system + irq + softirq) / TICKS_PER_SECOND,
      stolenSeconds: steal / TICKS_PER_SECOND,
    };
  } catch {
    return { busySeconds: Number.NaN, stolenSeconds: Number.NaN };
  }
}

function readProcess(pid: number): ProcessUse | undefined {
  try {
    // proc(5): the second field is the name in brackets, which may hold anything; utime and stime are 14 and 15.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    const rssKib = Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    const ticks = Number(fields[11]) + Number(fields[12]);
    return { rssMib: rssKib / 1024, cpuSeconds: ticks / TICKS_PER_SECOND };
  } catch {
    return undefined;
  }
}
