import { defineApi } from "@netconductor/contracts/kernel/operation";
import { expect, test } from "vitest";
import { startOrder } from "./order.ts";
import { defineService } from "./service.ts";

const apis = { one: defineApi("one", {}), two: defineApi("two", {}), three: defineApi("three", {}) };

function service(name: keyof typeof apis, needs: readonly (keyof typeof apis)[], starts_before: typeof needs = []) {
	return defineService({
		name,
		api: apis[name],
		needs: Object.fromEntries(needs.map((other) => [other, apis[other]])),
		starts_before,
		setup: () => ({ operations: {} }),
	});
}

const order = (...services: ReturnType<typeof service>[]) => startOrder(services).map(({ name }) => name);

test("each service starts after those it needs, where they run here", () => {
	expect(order(service("one", ["two"]), service("two", ["three"]))).toEqual(["two", "one"]);
});

test("services that need each other in a circle are refused, by name", () => {
	expect(() => order(service("one", ["two"]), service("two", ["one"]))).toThrow("one → two → one");
});

test("of two that need each other the one that says so starts first", () => {
	const two = service("two", ["one"]);
	expect(order(service("one", ["two"], ["two"]), two)).toEqual(["one", "two"]);
	expect(order(two, service("one", ["two"], ["two"]))).toEqual(["one", "two"]);
});
