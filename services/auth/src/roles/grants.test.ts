import { isPermitted } from "@netconductor/contracts/kernel/actor";
import fc from "fast-check";
import { expect, test } from "vitest";
import { commonGrants, grantsBeyond, grantsWithin } from "./grants.ts";

// `future` and `new` stand for what a later release adds: no list names them.
const resources = ["devices", "backups", "users"];
const actions = ["read", "write", "run"];
const everything = [...resources, "future"].flatMap((resource) =>
	[...actions, "new"].map((action) => `${resource}:${action}`),
);

const grant = fc.oneof(
	fc.constant("*"),
	fc.constantFrom(...resources).map((resource) => `${resource}:*`),
	fc.constantFrom(...actions).map((action) => `*:${action}`),
	fc.tuple(fc.constantFrom(...resources), fc.constantFrom(...actions)).map((parts) => parts.join(":")),
);
const grants = fc.array(grant, { maxLength: 6 });
const permits = (list: readonly string[], permission: string) => isPermitted({ permissions: [...list] }, permission);

test("grants within others never permit more, and grants beyond them always do", () => {
	fc.assert(
		fc.property(grants, grants, (held, wanted) => {
			const more = everything.some((permission) => permits(wanted, permission) && !permits(held, permission));
			expect(grantsWithin(held, wanted)).toBe(!more);
			expect(grantsBeyond(held, wanted).length > 0).toBe(more);
		}),
		{ numRuns: 2_000 },
	);
});

test("common grants permit exactly what both permit", () => {
	fc.assert(
		fc.property(grants, grants, (one, other) => {
			const common = commonGrants(one, other);
			for (const permission of everything) {
				expect(permits(common, permission)).toBe(permits(one, permission) && permits(other, permission));
			}
		}),
		{ numRuns: 2_000 },
	);
});

test("all actions one by one do not make the wildcard", () => {
	expect(grantsWithin(["devices:read", "devices:write"], ["devices:*"])).toBe(false);
	expect(grantsWithin(["devices:*", "*:read"], ["*"])).toBe(false);
	expect(grantsWithin(["*:read"], ["devices:read", "*:read"])).toBe(true);
	expect(grantsWithin([], [])).toBe(true);
});
