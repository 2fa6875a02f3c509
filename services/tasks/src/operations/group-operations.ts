import type { Page } from "@netconductor/contracts/kernel/page";
import type { ListOperationGroups, OperationGroup } from "@netconductor/contracts/tasks/model";
import type { Database } from "@netconductor/runtime/db/database";
import { type SQL, sql } from "drizzle-orm";
import type { z } from "zod";
import { operations, outputChunks } from "../tables.ts";
import { withoutSpeaker, wordOf } from "./outcome.ts";

/** Operations whose end was recorded without an outcome, as those of lost workers are, are told apart by their error. */
const outcome = sql`coalesce(${operations.outcome}, concat_ws(e'\\n', ${operations.error}->>'code', ${operations.error}->>'message'))`;
/** A new attempt stands for itself; every other decision made the operation what it is. */
const decision = sql`nullif(${operations.decision}, 'retry')`;

/** What operations of one group have in common, in short. */
export const groupKey: SQL<string> = sql<string>`md5(concat_ws(e'\\x1f', ${operations.step_id}, ${operations.status}, ${outcome},
	coalesce(${operations.skip_reason}, ''), coalesce(${decision}, '')))`;

/** Devices and operations that a group names. */
const mostNamed = 20;
/** Characters of the output that a group shows. */
const sampleLength = 2_000;

/** Groups the operations of a run by what they came to: what needs a person first, then the largest. One pass over the run's operations, whatever their number. */
export function groupOperations(db: Database) {
	return async (
		run_id: string,
		query: z.output<typeof ListOperationGroups>,
	): Promise<Page<z.input<typeof OperationGroup>>> => {
		const { status, step_id, q, page, page_size } = query;
		const conditions = [
			sql`${operations.run_id} = ${run_id}`,
			...(status !== undefined && status.length > 0
				? [sql`${operations.status} = any(${sql.param(status)}::text[])`]
				: []),
			...(step_id === undefined ? [] : [sql`${operations.step_id} = ${step_id}`]),
			...(q === undefined || q === "" ? [] : [sql`strpos(lower(${operations.device_name}), lower(${q})) > 0`]),
		];
		const { rows } = await db.orm.execute<GroupRow>(sql`
			with groups as (
				select ${groupKey} as key,
					min(case ${operations.status} when 'unknown' then 0 when 'failed' then 1 else 2 end) as rank, min(${operations.step_index}) as step_index, count(*)::int as count,
					(array_agg(${operations.id} order by ${operations.device_name}, ${operations.id}))[1:${sql.raw(String(mostNamed))}] as operation_ids,
					count(*) over ()::int as total
				from ${operations} where ${sql.join(conditions, sql` and `)} group by 1
			), page as (
				select * from groups order by rank, count desc, step_index, key limit ${page_size} offset ${(page - 1) * page_size}
			)
			select page.key, page.count, page.operation_ids::text[] as operation_ids, coalesce(page.total, 0) as total,
				o.step_id, o.step_type, o.status, o.outcome, o.error, o.skip_reason, o.decision, o.device_name,
				array(select n.device_name from unnest(page.operation_ids) with ordinality as u (id, place)
					join ${operations} n on n.id = u.id order by u.place) as device_names,
				coalesce((select string_agg(c.text, '' order by c.seq) from (
					select left(text, ${sampleLength + 1}) as text, seq from ${outputChunks}
					where operation_id = page.operation_ids[1] order by seq limit 50
				) c), '') as sample
			from page join ${operations} o on o.id = page.operation_ids[1]
			order by page.rank, page.count desc, page.step_index, page.key`);
		return {
			items: rows.map(toGroup),
			page,
			page_size,
			total: rows[0]?.total ?? (page === 1 ? 0 : await countGroups(db, conditions)),
		};
	};
}

async function countGroups(db: Database, conditions: SQL[]): Promise<number> {
	const { rows } = await db.orm.execute<{ total: number }>(
		sql`select count(distinct ${groupKey})::int as total from ${operations} where ${sql.join(conditions, sql` and `)}`,
	);
	return rows[0]?.total ?? 0;
}

interface GroupRow
	extends Pick<
		typeof operations.$inferSelect,
		"step_id" | "step_type" | "status" | "outcome" | "error" | "skip_reason" | "decision" | "device_name"
	> {
	key: string;
	count: number;
	total: number;
	operation_ids: string[];
	device_names: string[];
	sample: string;
	[column: string]: unknown;
}

function toGroup({ error, device_name, sample, ...row }: GroupRow): z.input<typeof OperationGroup> {
	const said = (message: string) => (row.count > 1 ? withoutSpeaker(message, { device_name }) : message);
	return {
		key: row.key,
		step_id: row.step_id,
		step_type: row.step_type,
		status: row.status,
		outcome: wordOf(row.outcome),
		error: error && { code: error.code, message: said(error.message), ...(error.phase && { phase: error.phase }) },
		skip_reason: row.skip_reason,
		decision: row.decision === "retry" ? null : row.decision,
		count: row.count,
		device_names: row.device_names,
		operation_ids: row.operation_ids,
		sample_output: wholeCharacters(sample.slice(0, sampleLength)),
		sample_output_truncated: sample.length > sampleLength,
	};
}

/** A cut in the middle of a surrogate pair leaves half a character. */
function wholeCharacters(text: string): string {
	return text.isWellFormed() ? text : text.slice(0, -1);
}
