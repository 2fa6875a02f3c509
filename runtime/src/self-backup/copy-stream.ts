import type { Duplex } from "node:stream";
import type pg from "pg";
import { toDatabaseError } from "../db/query-error.ts";

/** COPY over the wire, https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-COPY, on the connection that `pg` keeps. */

interface Wire {
	readonly stream: Duplex;
	query(text: string): void;
}

const piece_bytes = 256 * 1024;
const most_waiting = 4;

/**
 * What `COPY ... TO STDOUT` sends, in pieces of some 256 KB; PostgreSQL waits while nobody reads. Answers how many rows it were.
 * Whoever stops before the end must end the connection.
 */
export async function* copyOut(client: pg.ClientBase, statement: string): AsyncGenerator<Buffer, number> {
	const out = new CopyOut(statement);
	client.query(out);
	for (;;) {
		const piece = await out.next();
		if (piece === undefined) return out.rows;
		yield piece;
	}
}

class CopyOut {
	rows = 0;
	readonly #statement: string;
	readonly #pieces: Buffer[] = [];
	#open = Buffer.allocUnsafe(piece_bytes);
	#filled = 0;
	#wire: Wire | undefined;
	#state: "under way" | "ended" | { error: Error } = "under way";
	#wake: (() => void) | undefined;

	constructor(statement: string) {
		this.#statement = statement;
	}

	async next(): Promise<Buffer | undefined> {
		for (;;) {
			const piece = this.#pieces.shift();
			if (this.#pieces.length < most_waiting) this.#wire?.stream.resume();
			if (piece !== undefined) return piece;
			if (typeof this.#state === "object") throw toDatabaseError(this.#state.error, this.#statement);
			if (this.#state === "ended") return undefined;
			await new Promise<void>((resolve) => {
				this.#wake = resolve;
			});
		}
	}

	#cut(): void {
		if (this.#filled > 0) this.#pieces.push(this.#open.subarray(0, this.#filled));
		this.#open = Buffer.allocUnsafe(piece_bytes);
		this.#filled = 0;
	}

	#tell(): void {
		this.#wake?.();
		this.#wake = undefined;
	}

	// What follows is called by pg.

	submit(connection: unknown): void {
		this.#wire = connection as Wire;
		this.#wire.query(this.#statement);
	}

	/** The chunk lies in a buffer that the parser writes over. */
	handleCopyData({ chunk }: { chunk: Buffer }): void {
		for (let from = 0; from < chunk.length; ) {
			const size = chunk.copy(this.#open, this.#filled, from);
			from += size;
			this.#filled += size;
			if (this.#filled === piece_bytes) this.#cut();
		}
		if (this.#pieces.length < most_waiting) return;
		this.#wire?.stream.pause();
		this.#tell();
	}

	handleCommandComplete({ text }: { text: string }): void {
		this.rows = rowsIn(text);
	}

	handleReadyForQuery(): void {
		if (this.#state !== "under way") return;
		this.#cut();
		this.#state = "ended";
		this.#tell();
	}

	handleError(error: Error): void {
		if (this.#state === "under way") this.#state = { error };
		this.#tell();
	}
}

/**
 * Sends `source` to `COPY ... FROM STDIN` and answers how many rows PostgreSQL took. What `source` throws ends the COPY and is thrown on;
 * where PostgreSQL refuses, `source` is left where it is.
 */
export function copyIn(client: pg.ClientBase, statement: string, source: AsyncIterable<Buffer>): Promise<number> {
	return new Promise((resolve, reject) => {
		client.query(
			new CopyIn(statement, source, {
				resolve,
				reject: (error) => reject(toDatabaseError(error, statement)),
			}),
		);
	});
}

class CopyIn {
	readonly #statement: string;
	readonly #source: AsyncIterable<Buffer>;
	readonly #settle: { resolve(rows: number): void; reject(error: unknown): void };
	#wire: Wire | undefined;
	#rows = 0;
	#refused: { error: unknown } | undefined;
	#wake: (() => void) | undefined;

	constructor(
		statement: string,
		source: AsyncIterable<Buffer>,
		settle: { resolve(rows: number): void; reject(error: unknown): void },
	) {
		this.#statement = statement;
		this.#source = source;
		this.#settle = settle;
	}

	async #send(stream: Duplex): Promise<void> {
		const drained = () => this.#wake?.();
		stream.on("drain", drained);
		try {
			for await (const piece of this.#source) {
				if (this.#refused !== undefined) return;
				stream.write(message("d", piece.length));
				if (stream.write(piece)) continue;
				await new Promise<void>((resolve) => {
					this.#wake = resolve;
				});
			}
			stream.write(message("c", 0));
		} catch (error) {
			this.#refused ??= { error };
			const reason = Buffer.from("the source ended\0");
			stream.write(Buffer.concat([message("f", reason.length), reason]));
		} finally {
			stream.off("drain", drained);
		}
	}

	// What follows is called by pg.

	submit(connection: unknown): void {
		this.#wire = connection as Wire;
		this.#wire.query(this.#statement);
	}

	handleCopyInResponse(): void {
		if (this.#wire !== undefined) void this.#send(this.#wire.stream);
	}

	handleCommandComplete({ text }: { text: string }): void {
		this.#rows = rowsIn(text);
	}

	handleReadyForQuery(): void {
		if (this.#refused === undefined) this.#settle.resolve(this.#rows);
	}

	handleError(error: Error): void {
		this.#refused ??= { error };
		this.#wake?.();
		this.#settle.reject(this.#refused.error);
	}
}

function message(type: string, length: number): Buffer {
	const head = Buffer.alloc(5);
	head.write(type, "latin1");
	head.writeInt32BE(length + 4, 1);
	return head;
}

/** `COPY 17` */
function rowsIn(tag: string): number {
	return Number(/^COPY (\d+)$/.exec(tag)?.[1] ?? Number.NaN);
}
