import type { MasterKeys } from "../master-key.ts";

/** The master key of every test's host: what is derived from it is the same in all of them. */
export const testMaster: MasterKeys = {
	current: { id: "07070707", bytes: Buffer.alloc(32, 7), source: "test" },
	previous: undefined,
};
