import type { StackService } from "@netconductor/contracts/config/stacks";
import { expect, test } from "vitest";
import { checkDefinition, inOrder, stateAfter } from "./stack.ts";

function service(name: string, ...depends_on: string[]): StackService {
	return { name, template_id: "t", targets: { all: true }, variables: {}, depends_on };
}

const names = (services: StackService[]) => inOrder(services).map(({ name }) => name);

test("each service stands after those that it depends on, otherwise as written", () => {
	expect(names([service("c", "a"), service("b"), service("a")])).toEqual(["a", "c", "b"]);
	expect(names([service("one"), service("two"), service("three", "one")])).toEqual(["one", "two", "three"]);
});

test.each([
	[[service("a", "b"), service("b", "c"), service("c", "a")], "a → b → c → a"],
	[[service("a", "a")], "a → a"],
	[[service("a", "gone")], "gone, which is no service"],
	[[service("a"), service("a")], "Two services are named a"],
])("what cannot be ordered is refused and named", (services, message) => {
	expect(() => checkDefinition({ services })).toThrow(
		expect.objectContaining({ code: "stacks.bad_definition", message: expect.stringContaining(message) }),
	);
});

test.each([
	["deploy", "succeeded", "pending", false, true, "deployed"],
	["deploy", "succeeded", "pending", true, true, "partial"],
	["deploy", "succeeded", "deployed", true, true, "deployed"],
	["deploy", "partial", "pending", false, true, "partial"],
	["deploy", "failed", "pending", false, true, "failed"],
	["deploy", "failed", "deployed", false, true, "partial"],
	["deploy", "cancelled", "pending", false, false, "pending"],
	["deploy", "cancelled", "deployed", false, true, "partial"],
	["deploy", "needs_attention", "pending", false, true, "partial"],
	["delete", "succeeded", "deployed", false, true, "pending"],
	["delete", "failed", "deployed", false, true, "partial"],
	["delete", "failed", "deployed", false, false, "deployed"],
] as const)(
	"after a %s that ended %s, a %s stack (part: %s, begun: %s) is %s",
	(kind, status, before, part, touched, state) => {
		expect(stateAfter({ kind, status, before, part, touched })).toBe(state);
	},
);
