import type pg from "pg";
import type { Table } from "./report.ts";

/** Forgets what was counted so far. */
export async function resetStatements(client: pg.Client): Promise<void> {
	await client.query("select pg_stat_statements_reset()");
}

/** The dearest statements by planning and execution since the reset, per device. */
export async function topStatements(client: pg.Client, devices: number, limit = 25): Promise<Table> {
	const { rows } = await client.query<{
		role: string;
		calls: string;
		total: number;
		plan: number;
		rows: string;
		query: string;
	}>(
		`select r.rolname as role, s.calls, s.total_exec_time + s.total_plan_time as total, s.total_plan_time as plan, s.rows, s.query
		from pg_stat_statements s join pg_roles r on r.oid = s.userid
		order by total desc`,
	);
	const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + of(row), 0);
	const line = (role: string, calls: number, total: number, plan: number, count: number, query: string) => [
		role.replace("netconductor_", ""),
		calls / devices,
		total / devices,
		plan / devices,
		count / devices,
		query,
	];
	return {
		title: "Statements, per device (time as PostgreSQL's executor sees it, waiting for the disk included)",
		columns: ["role", "calls", "plan + execute ms", "plan ms", "rows", "statement"],
		rows: [
			...rows
				.slice(0, limit)
				.map(({ role, calls, total, plan, rows: count, query }) =>
					line(role, Number(calls), total, plan, Number(count), query.replace(/\s+/g, " ").slice(0, 160)),
				),
			line(
				"all",
				sum(({ calls }) => Number(calls)),
				sum(({ total }) => total),
				sum(({ plan }) => plan),
				sum(({ rows: count }) => Number(count)),
				`${rows.length} different statements`,
			),
		],
	};
}
