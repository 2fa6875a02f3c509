import { followingPage, fromNearerEnd } from "@netconductor/runtime/db/paging";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { idsOfPage, orders, windowOf } from "../src/devices/list-devices.ts";
import { createDeviceSearch, rarePart } from "../src/devices/search.ts";
import { devices } from "../src/tables.ts";
import { failureOf, type Started, startDevices } from "./start.ts";

/** What a list costs must not grow with the inventory. Held by plans and by what is counted beforehand, not by time. */

const many = 3_000;
let started: Started;
let api: Started["api"];

beforeAll(async () => {
	started = await startDevices();
	api = started.api;
	const rows = Array.from({ length: many }, (_, i) => ({
		name: `sw-${i}`,
		host: `10.0.${i >> 8}.${i & 255}`,
		device_type: ["linux", "frr", "cisco_ios"][i % 3],
		...(i % 5 > 0 && { site: `site-${i % 100}` }),
		groups: [`row ${i % 4}`],
		tags: i % 2 === 0 ? ["even"] : ["odd", "third"],
	}));
	await api.importDevices({ body: { format: "json", content: JSON.stringify(rows) } });
	await started.db.query("vacuum analyze devices");
}, 120_000);
afterAll(() => started?.stop());

const sortable = ["name", "host", "device_type", "site", "health", "health_at", "created_at", "updated_at"] as const;

test.for(sortable.flatMap((field) => [field, `-${field}`] as const))(
	"a page sorted by %s is found by reading an index alone, from whichever end is nearer",
	async (sort) => {
		const early = windowOf({ page: 10, page_size: 50, sort });
		const late = fromNearerEnd(windowOf({ page: many / 50 - 10, page_size: 50, sort }), many);
		expect(late.offset).toBe(500);
		for (const window of [early, late]) {
			const { sql: text, params } = idsOfPage(started.db.orm, window, undefined).toSQL();
			const plan = await started.db.query<{ "QUERY PLAN": string }>(`explain (costs off) ${text}`, params);
			const lines = plan.map((line) => line["QUERY PLAN"]).join("\n");
			expect(lines).toContain("Index Only Scan");
			expect(lines).not.toMatch(/Sort|Seq Scan/);
		}
	},
);

test.for(sortable.flatMap((field) => [field, `-${field}`] as const))(
	"the pages of a list sorted by %s are its rows in their order, each once, to the last",
	async (sort) => {
		const page_size = 430;
		const pages = await Promise.all(
			Array.from({ length: 8 }, (_, i) => api.listDevices({ query: { sort, page_size, page: i + 1 } })),
		);
		expect(pages.map(({ items, total }) => [items.length, total])).toEqual(
			[430, 430, 430, 430, 430, 430, 420, 0].map((length) => [length, many]),
		);
		const { order_by } = windowOf({ sort, page: 1, page_size });
		const all = await started.db.orm
			.select({ name: devices.name })
			.from(devices)
			.orderBy(...order_by);
		expect(pages.flatMap(({ items }) => items.map(({ name }) => name))).toEqual(all.map(({ name }) => name));
	},
);

test.for(sortable.flatMap((field) => [field, `-${field}`] as const))(
	"pages sorted by %s that are found by where the one before ended are the same as those found by their number",
	async (sort) => {
		const page_size = 430;
		let after: string | undefined;
		for (let page = 1; page <= 7; page++) {
			const [found, numbered] = await Promise.all([
				api.listDevices({ query: { sort, page_size, page, after } }),
				api.listDevices({ query: { sort, page_size, page } }),
			]);
			expect(found).toEqual(numbered);
			after = found.next_after ?? undefined;
			expect(found.next_after === null).toBe(page === 7);
		}
	},
);

test.for(["name", "-name", "host", "-updated_at"] as const)(
	"a page in the middle of a list sorted by %s costs what the first one does where it is told what is before it",
	async (sort) => {
		const { next_after } = await api.listDevices({ query: { sort, page_size: 500, page: 3 } });
		const { sql: text, params } = idsOfPage(
			started.db.orm,
			windowOf({ sort, page: 1, page_size: 50 }),
			followingPage(next_after ?? "", sort, orders),
		).toSQL();
		const plan = await started.db.query<{ "QUERY PLAN": string }>(
			`explain (analyze, costs off, buffers off) ${text}`,
			params,
		);
		const lines = plan.map((line) => line["QUERY PLAN"]).join("\n");
		expect(lines).toMatch(/Index (Only )?Scan/);
		expect(lines).toContain("Index Cond");
		expect(lines).not.toMatch(/Sort|Seq Scan|Rows Removed/);
	},
);

test("who goes from page to page by where the one before ended meets each device once, while others are deleted and added", async () => {
	const name = (nth: number) => `walk-${String(nth).padStart(4, "0")}`;
	const rows = Array.from({ length: 300 }, (_, i) => ({ name: name(i), host: "192.0.2.7", device_type: "linux" }));
	await api.importDevices({ body: { format: "json", content: JSON.stringify(rows) } });
	const seen: string[] = [];
	let after: string | undefined;
	for (let page = 1; ; page++) {
		const answer = await api.listDevices({ query: { q: "walk-", count: "near", page_size: 50, page, after } });
		seen.push(...answer.items.map((device) => device.name));
		if (answer.next_after === null) break;
		after = answer.next_after;
		// The device that the page ended with goes, too.
		await started.db.query("delete from devices where name = any($1)", [
			answer.items.slice(-30).map((one) => one.name),
		]);
		await api.createDevice({ body: { name: `walk-0000-${page}`, host: "192.0.2.7", device_type: "linux" } });
	}
	expect(seen).toEqual(Array.from({ length: 300 }, (_, i) => name(i)));
	await started.db.query("delete from devices where name like 'walk-%'");
});

test.each([
	["no cursor at all", "x"],
	[
		"one of another order",
		Buffer.from(JSON.stringify(["host", "a", "01a20427-eeb4-7fda-b4dd-6a62c2eb7861"])).toString("base64url"),
	],
	["one with another shape", Buffer.from(JSON.stringify(["name", ["a"], 1])).toString("base64url")],
	["one that is no id", Buffer.from(JSON.stringify(["name", "a", "'; drop table devices"])).toString("base64url")],
])("what is given as the end of a page and is %s is refused", async (_, after) => {
	const error = await failureOf(api.listDevices({ query: { after, sort: "name" } }));
	expect(error.code).toBe("request.invalid");
});

const wrongPlaces: [string, unknown[]][] = [
	[
		"updated_at",
		[
			"never",
			"",
			"now",
			"2026-02-30T00:00:00.000Z",
			"0000-01-01T00:00:00.000Z",
			"+010000-01-01T00:00:00.000Z",
			5,
			null,
		],
	],
	["-health_at", ["never", "infinity", 0, "\0"]],
	["name", ["a\0b", 5, null]],
	["-site", ["\0", 1e300]],
	["host", [null]],
];

test.each(wrongPlaces)("the end of a page sorted by %s is no value of another type", async (sort, values) => {
	for (const value of values) {
		const after = Buffer.from(JSON.stringify([sort, value, "01a20427-eeb4-7fda-b4dd-6a62c2eb7861"])).toString(
			"base64url",
		);
		const error = await failureOf(api.listDevices({ query: { after, sort: sort as "name" } }));
		expect(error.code, JSON.stringify(value)).toBe("request.invalid");
	}
});

test("a page near the end holds what there is from its place on, also while devices come and go", async () => {
	const page = 59;
	const changing = (async () => {
		for (let nth = 0; nth < 40; nth++) {
			const { id } = await api.createDevice({ body: { name: `zz-${nth}`, host: "192.0.2.9", device_type: "linux" } });
			if (nth % 2 === 0) await api.deleteDevice({ params: { id } });
		}
	})();
	let isOver = false;
	changing.finally(() => {
		isOver = true;
	});
	const totals = new Set<number>();
	while (!isOver) {
		const { items, total } = await api.listDevices({ query: { page, page_size: 51 } });
		expect(items).toHaveLength(Math.min(51, total - (page - 1) * 51));
		totals.add(total);
	}
	await changing;
	expect(totals.size).toBeGreaterThan(5);
	await started.db.query("delete from devices where name like 'zz-%'");
});

test("a page near the end of a filtered list is that of the list", async () => {
	const query = { device_type: "frr", page_size: 50 } as const;
	const last = await api.listDevices({ query: { ...query, page: 20 } });
	expect(last).toMatchObject({ total: 1_000, items: { length: 50 } });
	const backwards = await api.listDevices({ query: { ...query, sort: "-name", page: 1 } });
	expect(last.items.map(({ name }) => name)).toEqual(backwards.items.map(({ name }) => name).toReversed());
	expect(await api.listDevices({ query: { device_type: "frr", page_size: 500, page: 4 } })).toMatchObject({
		total: 1_000,
		items: [],
	});
});

describe("a search", () => {
	const texts = [
		"net-0001-core-1 10.0.0.1 frr site-0001 core switch",
		"net-0417-dist-9 10.0.9.9 frr site-0417 dist switch",
	];

	test.for([
		["net-1041-core-32", "1041"],
		["SITE-Zürich", "rich"],
		["ÄÖÜ-ßßßß", undefined],
		["site-zurich", "zuri"],
		["Site-ZURICH", "ZURI"],
		["core switch", undefined],
		["nothing-of-it", "noth"],
		["%_\\%ab_cd", undefined],
		["10.7.7.7", undefined],
	] as const)("of %s asks the index for %s", ([typed, part]) => {
		expect(rarePart(typed, texts)).toBe(part);
	});

	test("asks the index for what few devices have, also where one of the hundred that are known is among them", () => {
		const common = Array.from(
			{ length: 100 },
			(_, i) => `net-${i + 2_000}-core-1 10.0.0.1 frr site-${i + 2_000} core switch`,
		);
		const one = "net-1041-core-7 10.0.9.9 frr site-1041 core switch";
		expect(rarePart("net-1041-core-32", [...common, one])).toBe("1041");
		expect(rarePart("site-1041", [...common, one, one])).toBe("1041");
		expect(rarePart("site-1041", [...common, one, one, one])).toBeUndefined();
		expect(rarePart("1041-x-1042", [...common, one])).toBe("1042");
	});

	test("asks for all of it where nothing is known of the table", () => {
		expect(rarePart("net-1041-core-32", [])).toBeUndefined();
	});

	test("finds what holds all of it, whatever part of it the index was asked for", async () => {
		const rows = [
			{ name: "needle-aBcD-1", host: "192.0.2.1", device_type: "frr", site: "İzmir" },
			{ name: "needle-abcd-2", host: "192.0.2.2", device_type: "frr", site: "100%_sure" },
			{ name: "abcd-needle", host: "192.0.2.3", device_type: "frr", site: "Zürich-Nord" },
		];
		await api.importDevices({ body: { format: "json", content: JSON.stringify(rows) } });
		const found = async (q: string) => (await api.listDevices({ query: { q } })).items.map(({ name }) => name);
		const asked = {
			"needle-abcd": ["needle-aBcD-1", "needle-abcd-2"],
			"NEEDLE-ABCD": ["needle-aBcD-1", "needle-abcd-2"],
			"abcd-needle": ["abcd-needle"],
			"needle-abcd-2 192.0.2.2": ["needle-abcd-2"],
			"100%_sure": ["needle-abcd-2"],
			"needle%abcd": [],
			needle_abcd: [],
			"zürich-nord": ["abcd-needle"],
			"ZÜRICH-NORD": ["abcd-needle"],
		};
		for (const [q, names] of Object.entries(asked)) expect(await found(q), q).toEqual(names);
		await started.db.query("delete from devices where host like '192.0.2.%'");
	});

	test("of a few among many reads the lists of few trigrams", async () => {
		const { rows } = await started.db.orm.execute<{ "QUERY PLAN": string }>(
			sql`explain (costs off) select id from devices where ${await createDeviceSearch(started.db)("xq77-site-99")}`,
		);
		const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
		expect(plan).toContain("Index Cond: (search_text ~~ '%xq77%'::text)");
		expect(plan).toContain("Filter: (strpos(search_text, 'xq77-site-99'::text) > 0)");
	});
});

describe("the total of a list", () => {
	type Query = Parameters<typeof api.listDevices>[0]["query"];
	const total = async (query: Query = {}) => (await api.listDevices({ query })).total;
	const idOf = async (name: string) => (await api.listDevices({ query: { q: name } })).items[0]?.id ?? "";
	const counted = async (where: string) => {
		const [row] = await started.db.query<{ count: string }>(`select count(*) from devices where ${where}`);
		return Number(row?.count);
	};
	/** Filters that are tallied, each with the condition that counts the same. */
	const filters: [Query, string][] = [
		[{}, "true"],
		[{ device_type: "frr" }, "device_type = 'frr'"],
		[{ device_type: "frr,linux,frr" }, "device_type in ('frr', 'linux')"],
		[{ health: "unknown" }, "health = 'unknown'"],
		[{ health: "reachable,failing" }, "health in ('reachable', 'failing')"],
		[{ enabled: "true" }, "enabled"],
		[{ enabled: "false" }, "not enabled"],
		[{ site: "site-7" }, "site = 'site-7'"],
		[{ site: "nowhere" }, "site = 'nowhere'"],
		[{ tag: "even" }, "tags @> '{even}'"],
		[{ tag: "odd,third" }, "tags @> '{odd,third}'"],
		[
			{ group: "Row 1" },
			"id in (select device_id from device_group_members join device_groups on id = group_id where name = 'row 1')",
		],
		[{ group: "no such group" }, "false"],
	];
	const expectAllRight = async () => {
		for (const [query, where] of filters) {
			expect(await total(query), JSON.stringify(query)).toBe(await counted(where));
		}
	};

	test("is right for every filter, as imported, changed in bulk, one by one, and deleted", async () => {
		await expectAllRight();
		const range = (from: number, to: number) => ({
			names: Array.from({ length: to - from }, (_, i) => `sw-${from + i}`),
		});
		await api.updateDevices({ body: { select: range(0, 100), action: { kind: "disable" } } });
		await api.updateDevices({ body: { select: range(50, 200), action: { kind: "set_site", site: "site-7" } } });
		await api.updateDevices({ body: { select: range(50, 60), action: { kind: "set_site", site: null } } });
		await api.updateDevices({ body: { select: range(0, 20), action: { kind: "remove_tags", tags: ["even"] } } });
		await started.db.query("update devices set health = 'reachable' where name < 'sw-2'");
		await api.updateDevices({ body: { select: range(100, 300), action: { kind: "delete" } } });
		await expectAllRight();
		expect(await total({ enabled: "false" })).toBe(100);
	});

	test("of a group is right in lists and summary, whoever comes, goes, or is deleted with it", async () => {
		const members = (name: string) =>
			counted(
				`id in (select device_id from device_group_members join device_groups on id = group_id where name = '${name}')`,
			);
		const expectGroups = async () => {
			const { items } = await api.listGroups({ query: {} });
			const { by_group } = await api.getDeviceSummary({});
			for (const { name, devices } of items) {
				expect({ name, devices }).toEqual({ name, devices: await members(name) });
				expect(by_group).toContainEqual({ value: name, devices });
				expect(await total({ group: name })).toBe(devices);
			}
			return items;
		};
		const [first, second] = await expectGroups();
		const select = { names: Array.from({ length: 50 }, (_, i) => `sw-${400 + i}`) };
		await api.updateDevices({ body: { select, action: { kind: "add_to_group", group: "row 1" } } });
		await api.updateDevices({ body: { select, action: { kind: "remove_from_group", group: "row 2" } } });
		await api.updateDevice({ params: { id: await idOf("sw-400") }, body: { groups: ["row 3", "quite new"] } });
		await expectGroups();
		await api.updateDevices({ body: { select, action: { kind: "delete" } } });
		await api.deleteDevice({ params: { id: await idOf("sw-500") } });
		await api.setGroupMembers({
			params: { id: second?.id ?? "" },
			body: { device_ids: [await idOf("sw-501"), await idOf("sw-502")] },
		});
		await expectGroups();
		await api.deleteGroup({ params: { id: first?.id ?? "" } });
		await expectGroups();
		const rows = await started.db.query<{ rows: string }>(
			"select count(*) as rows from device_tallies where criterion = 'group'",
		);
		// None of the group that is gone, nor of the one in which nobody is left.
		expect(Number(rows[0]?.rows)).toBe(3);
	});

	test("is right after changes that ran side by side, none of which waited for another's count", async () => {
		const before = await total();
		const both = ["a", "b"].map((name) => ({
			name: `side-${name}`,
			host: "192.0.2.9",
			device_type: "frr",
			site: "site-7",
		}));
		const first = started.db.transaction(async (tx) => {
			await tx.execute("update devices set site = 'site-7' where name = 'sw-1'");
			// The first one still holds the rows of what it counted.
			for (const body of both) await api.createDevice({ body });
			expect(await total()).toBe(before + 2);
		});
		await first;
		await Promise.all(
			Array.from({ length: 8 }, (_, i) =>
				api.createDevice({ body: { name: `many-${i}`, host: "192.0.2.9", device_type: "linux" } }),
			),
		);
		expect(await total()).toBe(before + 10);
		await expectAllRight();
	});

	test("keeps as many rows as there are values, however many changes there were", async () => {
		for (let i = 0; i < 10; i++) {
			await api.createDevice({ body: { name: `row-${i}`, host: "192.0.2.9", device_type: "linux" } });
		}
		const rows = await started.db.query<{ rows: string }>(
			"select count(*) as rows from device_tallies where (criterion, value) in (('all', ''), ('device_type', 'linux'))",
		);
		expect(Number(rows[0]?.rows)).toBe(2);
	});

	test("is right on every page of what is not tallied, beyond the last one, too", async () => {
		const where = "search_text like '%sw-29%'";
		const all = await counted(where);
		expect(all).toBeGreaterThan(100);
		for (const page of [1, 2, Math.ceil(all / 50), Math.ceil(all / 50) + 1]) {
			const answer = await api.listDevices({ query: { q: "sw-29", page } });
			expect(answer.total, `page ${page}`).toBe(all);
			expect(answer.items).toHaveLength(Math.max(0, Math.min(50, all - (page - 1) * 50)));
		}
		expect(await total({ q: "nothing has this" })).toBe(0);
		expect(await total({ page: 10_000 })).toBe(await counted("true"));
	});

	test("goes no further than 100 past the page where a near one is enough, and says so", async () => {
		const where = "tags @> '{odd,third}'";
		const all = await counted(where);
		expect(all).toBeGreaterThan(1_000);
		const near = (page: number, page_size = 50) =>
			api.listDevices({ query: { tag: "odd,third", count: "near", page, page_size } });
		expect(await near(1)).toMatchObject({ total: 150, total_is_exact: false, items: { length: 50 } });
		expect(await near(3, 100)).toMatchObject({ total: 400, total_is_exact: false });
		const pages = Math.ceil(all / 50);
		expect(await near(pages - 1)).toMatchObject({ total: all, total_is_exact: true });
		expect(await near(pages)).toMatchObject({
			total: all,
			total_is_exact: true,
			items: { length: all - 50 * (pages - 1) },
		});
		expect(await near(pages + 1)).toMatchObject({ total: all, total_is_exact: true, items: [] });
		expect(await api.listDevices({ query: { tag: "odd,third", count: "exact" } })).toMatchObject({
			total: all,
			total_is_exact: true,
		});
		// What is tallied is known anyway.
		expect(await api.listDevices({ query: { tag: "odd", count: "near" } })).toMatchObject({
			total: await counted("tags @> '{odd}'"),
			total_is_exact: true,
		});
	});

	test("lets whoever pages on until it is reached see every device once", async () => {
		const names: string[] = [];
		for (let page = 1; ; page++) {
			const { items, total, page_size } = await api.listDevices({
				query: { tag: "odd,third", count: "near", page, page_size: 200 },
			});
			names.push(...items.map(({ name }) => name));
			if (page * page_size >= total) break;
		}
		expect(names).toHaveLength(await counted("tags @> '{odd,third}'"));
		expect(new Set(names).size).toBe(names.length);
	});

	test("is none of a table that was emptied", async () => {
		await started.db.query("truncate devices cascade");
		await expectAllRight();
		await api.createDevice({ body: { name: "first", host: "192.0.2.9", device_type: "linux" } });
		expect(await total()).toBe(1);
	});
});
