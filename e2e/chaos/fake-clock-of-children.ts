// Loaded into the server of a round with a clock that jumps. The product gives PostgreSQL none of its environment, and so not its clock;
// here PostgreSQL gets the clock all the same.
import child_process from "node:child_process";
import { syncBuiltinESMExports } from "node:module";

const clock = Object.fromEntries(
	Object.entries(process.env).filter(([name]) => name === "LD_PRELOAD" || name.includes("FAKE")),
);
const { spawn } = child_process;

child_process.spawn = ((command: string, args: string[], options: child_process.SpawnOptions) =>
	spawn(command, args, { ...options, env: { ...options?.env, ...clock } })) as typeof spawn;
syncBuiltinESMExports();
