import { expect, test } from "vitest";
import { createExecuting } from "./executing.ts";

test("an attempt that ends under the id of a lost lease does not make the next attempt look unheard of", () => {
	const executing = createExecuting();
	const endFirst = executing.begin("before", "operation");
	const endSecond = executing.begin("after", "operation");
	endFirst();
	expect(executing.of("after")).toEqual(["operation"]);
	endSecond();
	expect(executing.of("after")).toEqual([]);
});

test("what an id was given and never heard of is not hidden by what another one is at", () => {
	const executing = createExecuting();
	executing.begin("before", "operation");
	expect(executing.of("after")).toEqual([]);
});
