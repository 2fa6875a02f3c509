import { expect, test } from "vitest";
import { grantChanges, grantedBy, sameGrants, withGrant } from "./grants.ts";

test("a permission is traced to the grant that gives it", () => {
	expect(grantedBy(["devices:read"], "devices:read")).toBe("devices:read");
	expect(grantedBy(["backups:*", "*:read"], "devices:read")).toBe("*:read");
	expect(grantedBy(["devices:*"], "devices:write")).toBe("devices:*");
	expect(grantedBy(["devices:*"], "runs:read")).toBeUndefined();
	expect(grantedBy(["*:read"], "devices:*")).toBeUndefined();
	expect(grantedBy(["*"], "devices:*")).toBe("*");
});

test("giving a wildcard takes in what it covers, taking it leaves the rest", () => {
	expect(withGrant(["devices:read", "runs:read"], "devices:*", true)).toEqual(["devices:*", "runs:read"]);
	expect(withGrant(["devices:*", "runs:read"], "devices:*", false)).toEqual(["runs:read"]);
	expect(withGrant(["devices:read"], "runs:read", true)).toEqual(["devices:read", "runs:read"]);
});

test("changes name what is added and removed, whatever the order", () => {
	expect(sameGrants(["a:b", "c:d"], ["c:d", "a:b"])).toBe(true);
	expect(grantChanges(["a:b", "c:d"], ["c:d", "e:f"])).toEqual({ added: ["e:f"], removed: ["a:b"] });
});
