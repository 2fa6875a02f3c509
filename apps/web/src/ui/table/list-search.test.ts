import { Health } from "@netconductor/contracts/devices/model";
import { expect, test } from "vitest";
import { z } from "zod";
import { listOf, pageSearch, valuesOf } from "./list-search.ts";

const Search = pageSearch({ health: listOf(Health), tag: listOf(z.string()) });

test("a filter of several values is one word of the address, however it was written there", () => {
	expect(Search.parse({ health: "reachable,failing" })).toEqual({ health: "reachable,failing" });
	expect(Search.parse({ health: ["reachable", "failing"] })).toEqual({ health: "reachable,failing" });
	// The router reads 10 as a number and true as a boolean.
	expect(Search.parse({ tag: 10 })).toEqual({ tag: "10" });
	expect(Search.parse({ tag: true })).toEqual({ tag: "true" });
});

test("of a filter's values those that are none are left out, and a filter without any is no filter", () => {
	expect(Search.parse({ health: "reachable,bogus" })).toEqual({ health: "reachable" });
	expect(Search.parse({ health: "bogus" }).health).toBeUndefined();
	expect(Search.parse({ health: { odd: 1 }, tag: "" })).toEqual({ health: undefined, tag: undefined });
	expect(valuesOf("reachable,failing")).toEqual(["reachable", "failing"]);
	expect(valuesOf(undefined)).toEqual([]);
});
