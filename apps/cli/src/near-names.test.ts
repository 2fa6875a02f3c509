import { expect, test } from "vitest";
import { namesNear } from "./near-names.ts";

const names = ["Add a peer", "Add a customer", "Upgrade core", "core1"];

async function near(given: string): Promise<string[]> {
	return namesNear(given, async ({ q, page_size }) => ({
		items: names
			.filter((name) => name.toLowerCase().includes(q.toLowerCase()))
			.slice(0, page_size)
			.map((name) => ({ name })),
	}));
}

test("a slip in either half of a name still finds it", async () => {
	expect(await near("add a")).toEqual(["Add a peer", "Add a customer"]);
	expect(await near("Add a pere")).toEqual(["Add a peer", "Add a customer"]);
	expect(await near("Ugprade core")).toEqual(["Upgrade core"]);
	expect(await near("core01")).toEqual(["Upgrade core", "core1"]);
});

test("nothing is near what is nothing like it, or too short to tell", async () => {
	expect(await near("zzzzzz")).toEqual([]);
	expect(await near("xy")).toEqual([]);
	expect(await near(" ")).toEqual([]);
});
