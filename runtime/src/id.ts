import { randomUUIDv7 } from "node:crypto";

/** A new UUID of version 7 (RFC 9562): ids sort by their time of creation, to the millisecond. */
export function newId(): string {
	return randomUUIDv7();
}
