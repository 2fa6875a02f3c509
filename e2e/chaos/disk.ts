import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/** A file system of limited size in memory. */
export interface SmallDisk {
	/** Leaves not a byte free. */
	fill(): void;
	free(): void;
	unmount(): void;
}

const size = "1g";

/** Mounts one at `path`. Needs root. */
export function mountSmallDisk(path: string): SmallDisk {
	mkdirSync(path, { recursive: true, mode: 0o700 });
	execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size},mode=0700`, "tmpfs", path]);
	const ballast = join(path, "ballast");
	return {
		fill() {
			const file = openSync(ballast, "a", 0o600);
			try {
				for (let piece = Buffer.alloc(4 * 1024 * 1024); piece.length > 0; ) {
					try {
						// A part may still fit: the next attempt finds out.
						if (writeSync(file, piece) < piece.length) throw Object.assign(new Error("full"), { code: "ENOSPC" });
					} catch (error) {
						if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
						piece = piece.subarray(0, piece.length >> 1);
					}
				}
			} finally {
				closeSync(file);
			}
		},
		free: () => rmSync(ballast, { force: true }),
		unmount: () => void execFileSync("umount", [path]),
	};
}
