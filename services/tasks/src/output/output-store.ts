import type { OutputChunk } from "@netconductor/contracts/tasks/model";
import type { Database } from "@netconductor/runtime/db/database";
import { one } from "../rows.ts";

export interface NewChunk {
	operation_id: string;
	at: Date;
	text: string;
}

export interface OutputStore {
	/**
	 * Appends to a run's output and answers the last number given. Numbers are given under a lock that lasts until the commit: who has
	 * read number N finds nothing below it later.
	 */
	append(run_id: string, chunks: readonly NewChunk[]): Promise<number>;
	/** Pieces after a number, at most `limit`, of the run or of one operation. */
	read(
		run_id: string,
		query: { after: number; limit: number; operation_id?: string | undefined },
	): Promise<OutputChunk[]>;
	/** The last pieces before a number, or of all, at most `tail`; in ascending order. */
	readEnd(
		run_id: string,
		query: { before?: number | undefined; tail: number; operation_id?: string | undefined },
	): Promise<OutputChunk[]>;
}

export function createOutputStore(db: Database): OutputStore {
	async function select(conditionsAndOrder: string, values: unknown[]): Promise<OutputChunk[]> {
		const rows = await db.query<{ seq: string; operation_id: string; device_name: string; at: Date; text: string }>(
			`select c.seq, c.operation_id, o.device_name, c.at, c.text from output_chunks c join operations o on o.id = c.operation_id
			where c.run_id = $1 and ${conditionsAndOrder}`,
			values,
		);
		return rows.map((row) => ({ ...row, seq: Number(row.seq), at: row.at.toISOString() }));
	}

	return {
		async append(run_id, chunks) {
			const rows = await db.query<{ last_seq: string }>(
				`with head as (
					update output_heads set last_seq = last_seq + $2 where run_id = $1 returning last_seq
				), stored as (
					insert into output_chunks (run_id, seq, operation_id, at, text)
					select $1, head.last_seq - $2 + c.index, c.operation_id, c.at, c.text
					from head, unnest($3::uuid[], $4::timestamptz[], $5::text[]) with ordinality as c (operation_id, at, text, index)
				) select last_seq from head`,
				[
					run_id,
					chunks.length,
					chunks.map(({ operation_id }) => operation_id),
					chunks.map(({ at }) => at),
					chunks.map(({ text }) => text),
				],
			);
			return Number(one(rows).last_seq);
		},

		async read(run_id, { after, limit, operation_id }) {
			return select(
				`c.seq > $2 ${operation_id === undefined ? "" : "and c.operation_id = $4"} order by c.seq limit $3`,
				[run_id, after, limit, ...(operation_id === undefined ? [] : [operation_id])],
			);
		},

		async readEnd(run_id, { before, tail, operation_id }) {
			const of_one = operation_id === undefined ? "" : "and c.operation_id = $4";
			const found = await select(`c.seq < $2 ${of_one} order by c.seq desc limit $3`, [
				run_id,
				before ?? Number.MAX_SAFE_INTEGER,
				tail,
				...(operation_id === undefined ? [] : [operation_id]),
			]);
			return found.reverse();
		},
	};
}
