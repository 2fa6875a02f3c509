import { existsSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const libraries = [
	"/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
	"/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
];

/** The wall clock of the product's processes, PostgreSQL included; monotonic time goes on as it does. */
export interface FakeClock {
	/** Environment of a server that lives by it. */
	env: Record<string, string>;
	/** Sets it off the real one by so many seconds. Each process notices within a second, not all at once, as with real machines. */
	shift(seconds: number): void;
}

/** Keeps the clock in a file in `folder`, which everybody may reach. @throws when Debian's `faketime` is not installed */
export function createFakeClock(folder: string): FakeClock {
	const library = libraries.find(existsSync);
	if (library === undefined) throw new Error("the Debian package faketime is not installed");
	const file = join(folder, "clock");
	const shift = (seconds: number) => {
		// In one step: whoever reads it meanwhile finds a whole line.
		writeFileSync(`${file}.new`, `+${seconds}s\n`, { mode: 0o644 });
		renameSync(`${file}.new`, file);
	};
	shift(0);
	return {
		shift,
		env: {
			LD_PRELOAD: library,
			FAKETIME_TIMESTAMP_FILE: file,
			FAKETIME_CACHE_DURATION: "1",
			FAKETIME_DONT_FAKE_MONOTONIC: "1",
			DONT_FAKE_MONOTONIC: "1",
			NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, "fake-clock-of-children.ts"))}`,
		},
	};
}
