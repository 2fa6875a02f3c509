import fc from "fast-check";
import { expect, test } from "vitest";
import { dnKey } from "./dn.ts";
import { escapeDnValue } from "./escape.ts";

const plain = "cn=Network Operators,ou=groups,dc=example,dc=com";

test.each([
	"CN=network operators,OU=Groups,DC=EXAMPLE,DC=com",
	" cn = Network  Operators , ou=groups;dc=example, dc=com",
	"cn=Network\\20Operators,ou=\\67roups,dc=example,dc=com",
	"cn=Network Operators ,ou=groups,dc=example,dc=com",
])("%s means the same", (written) => {
	expect(dnKey(written)).toBe(dnKey(plain));
});

test.each([
	"cn=Network Operators,ou=groups,dc=example",
	"cn=Network Operators\\,ou=groups,dc=example,dc=com",
	"cn=Network Operators+ou=groups,dc=example,dc=com",
	"ou=groups,cn=Network Operators,dc=example,dc=com",
])("%s means another", (written) => {
	expect(dnKey(written)).toBeTypeOf("string");
	expect(dnKey(written)).not.toBe(dnKey(plain));
});

test("attributes of one relative name have no order", () => {
	expect(dnKey("uid=a+cn=b,dc=c")).toBe(dnKey("CN=b+UID=a,DC=c"));
});

test.each([
	"",
	"operators",
	"network-operators",
	"=a",
	"cn=a,",
	"cn=a,b",
	"cn=a\\",
	"cn=a\\zz",
	"cn=\\ff",
	"cn=#04024869",
])("%j is none", (text) => {
	expect(dnKey(text)).toBeUndefined();
});

test("a value that is escaped is the value, and no value adds to the name", () => {
	const value = fc.string({ minLength: 1, unit: "grapheme" }).filter((text) => text.trim() !== "");
	fc.assert(
		fc.property(value, value, (one, other) => {
			const key = (text: string) => dnKey(`cn=${escapeDnValue(text)},dc=example`);
			expect(key(one)).toBeTypeOf("string");
			const folded = (text: string) => text.normalize("NFKC").toLowerCase().trim().replaceAll(/\s+/g, " ");
			expect(key(one) === key(other)).toBe(folded(one) === folded(other));
		}),
	);
});
