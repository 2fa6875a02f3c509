import { setTimeout as sleep } from "node:timers/promises";
import { startMeasuredProduct } from "./harness/product.ts";

const p = await startMeasuredProduct({
	count_statements: true,
	...(process.env.PROFDIR && { profile_dir: process.env.PROFDIR }),
});
const db = await p.connectDatabase();
await sleep(12_000);
await db.query("select pg_stat_statements_reset()");
const before = p.cpu();
const w = p.worker_pids();
await sleep(60_000);
const after = p.cpu();
console.log(
	"workers",
	w.length,
	JSON.stringify({
		main: (after.main - before.main) / 600,
		workers: (after.workers - before.workers) / 600,
		postgres: (after.postgres - before.postgres) / 600,
	}),
	"% of a core",
);
const { rows } = await db.query(
	"select r.rolname, s.calls::int, round((s.total_exec_time+s.total_plan_time)::numeric,1) as ms, s.query from pg_stat_statements s join pg_roles r on r.oid = s.userid order by calls desc limit 45",
);
for (const r of rows)
	console.log(
		r.rolname.replace("nc_", "").padEnd(9),
		String(r.calls).padStart(5),
		String(r.ms).padStart(7),
		r.query.replace(/\s+/g, " ").slice(0, 140),
	);
await db.end();
await p.stop();
