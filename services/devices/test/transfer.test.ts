import { newId } from "@netconductor/runtime/id";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { reveal, type Started, startDevices } from "./start.ts";

let started: Started;
let api: Started["api"];
beforeAll(async () => {
	started = await startDevices();
	api = started.api;
});
afterAll(() => started?.stop());
beforeEach(async () => {
	const { db } = started;
	await db.query("truncate devices, credentials, device_groups cascade");
});

type Options = { format?: "csv" | "json"; dry_run?: boolean; columns?: Record<string, string> };
const take = (content: string, { format = "csv", ...more }: Options = {}) =>
	api.importDevices({ body: { format, content, ...more } });
const dryRun = (content: string, more: Options = {}) => take(content, { dry_run: true, ...more });
const problemsOf = async (content: string, more: Options = {}) => (await dryRun(content, more)).problems;
const all = async () => (await api.listDevices({ query: { page_size: 500 } })).items;
const exported = (format: "csv" | "json" = "csv") => api.exportDevices({ query: { format } });

describe("CSV", () => {
	test("BOM, CRLF, quotes, semicolons, blanks, empty lines and other headers are taken", async () => {
		const file =
			'\uFEFFHostname;Address;Device Type;Port;Tags;Groups;Site;Description;Enabled;ignored\r\n\r\n core-1 ; 192.0.2.1 ;cisco_ios; 2222;"a;b";Core;"Zürich; West";"two\r\nlines, ""quoted""";no;x\r\n\r\ncore-2;2001:db8::1;frr;;;;;;;\r\n';
		const columns = { Hostname: "name", Address: "host", ignored: "" };
		expect(await take(file, { columns })).toMatchObject({ rows: 2, created: 2, problems: [] });
		expect(await all()).toMatchObject([
			{
				name: "core-1",
				host: "192.0.2.1",
				port: 2222,
				tags: ["a", "b"],
				groups: ["Core"],
				site: "Zürich; West",
				description: 'two\r\nlines, "quoted"',
				enabled: false,
				source: "import",
			},
			{ name: "core-2", host: "2001:db8::1", port: 22, tags: [], site: null, enabled: true },
		]);
	});

	test("every problem names row, line and column, and nothing at all is imported", async () => {
		const file = [
			"name,host,device_type,port,tags,enabled,credential,username,password,jump_host",
			"ok-1,192.0.2.1,linux,,,,,,,",
			'bad-1,"not a ',
			' host",linux,,,,,,,',
			"bad-2,192.0.2.2,no_such_type,,,,,,,",
			"bad-3,192.0.2.3,linux,99999,,maybe,,,,",
			"OK-1,192.0.2.4,linux,,,,,,,",
			"bad 4,192.0.2.5,linux,,,,,,,",
			"bad-5,,linux,,,,,,,",
			"bad-6,192.0.2.6,linux,,,,missing,,,",
			"bad-7,192.0.2.7,linux,,,,,root,,",
			"bad-8,192.0.2.8,linux,,,,,,,nowhere",
			"short,192.0.2.9",
			",192.0.2.10,linux,,,,,,,",
			"bad-9,192.0.2.11,linux,,a b,,,,,",
		].join("\n");
		const result = await dryRun(file);
		expect(result.problems.map(({ row, line, column }) => [row, line, column])).toEqual([
			[2, 3, "host"],
			[3, 5, "device_type"],
			[4, 6, "port"],
			[4, 6, "enabled"],
			[5, 7, "name"],
			[6, 8, "name"],
			[7, 9, "host"],
			[8, 10, "credential"],
			[9, 11, "password"],
			[10, 12, "jump_host"],
			[11, 13, null],
			[12, 14, "name"],
			[13, 15, "tags"],
		]);
		await expect(take(file)).rejects.toMatchObject({
			code: "devices.import_invalid",
			message: expect.stringContaining("line 3, column host"),
			details: { total: 13 },
		});
		expect(await all()).toEqual([]);
		expect((await api.listGroups({ query: {} })).total).toBe(0);
	});

	test.each([
		["nothing", "", "request.invalid"],
		["blank lines", "\n\n\n", "empty"],
		["no header", "core-1,192.0.2.1,s3cret-canary\n", "must name the columns"],
		["a header twice", "name,host,Host\nx,1,2\n", "twice"],
		["a header that is none", "name,host,device_type,pasword\n", "password may be meant"],
		["an empty header", "name,host,\nx,1,2\n", "no field"],
		["a quote never closed", 'name,host\n"x,1\ny,2\n', "never closed"],
		["a quote in the middle", 'name,host\nx"s3cret-canary",1\n', "quote"],
		["text after a quote", 'name,host\n"x"s3cret-canary,1\n', "closing quote"],
		["a NUL", "name,host,device_type,site\nx,192.0.2.1,linux,a\0b\n", "request.invalid"],
	])("%s is a problem that repeats no cell", async (_, file, message) => {
		const answer = await dryRun(file).then(
			({ problems }) => JSON.stringify(problems),
			(error: { code: string }) => error.code,
		);
		expect(answer).toContain(message);
		expect(answer).not.toContain("s3cret-canary");
	});

	test("random text is taken or refused with places, never an unexpected error", async () => {
		const piece = fc.constantFrom(
			"name",
			"host",
			"x",
			"192.0.2.1",
			"linux",
			"device_type",
			",",
			";",
			"\n",
			"\r",
			'"',

			"=",
			"'",
			"ü",
			"\uD800",
		);
		await fc.assert(
			fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 40 }), async (pieces) => {
				const { problems, rows } = await dryRun(`name,host,device_type\n${pieces.join("")}`);
				expect(problems.every(({ line, row }) => line >= 1 && row >= 0 && row <= rows + pieces.length)).toBe(true);
			}),
			{ numRuns: 60 },
		);
	});
});

describe("JSON", () => {
	test("an array of objects is taken; problems name row and line", async () => {
		const file = `[
  { "name": "j-1", "host": "192.0.2.1", "device_type": "linux", "tags": ["a", "b"], "port": 830 },
  { "name": "j-2", "host": "192.0.2.2",
    "device_type": "linux", "port": "22", "colour": "red" },
  { "name": "j-3", "host": "192.0.2.3" "device_type": "linux" },
  17
]`;
		expect((await problemsOf(file, { format: "json" })).map(({ row, line, column }) => [row, line, column])).toEqual([
			[2, 3, "colour"],
			[2, 3, "port"],
			[3, 5, null],
			[4, 6, null],
		]);
		const good = `[${file.split("\n")[1]?.replace(/,$/, "")}]`;
		expect(await take(good, { format: "json" })).toMatchObject({ created: 1 });
		expect(await all()).toMatchObject([{ name: "j-1", tags: ["a", "b"], port: 830 }]);
	});

	test.each([
		"{}",
		"[",
		"[{}",
		"[{},]",
		"[1,,2]",
		"[] x",
		'[{"name":"\\"]',
		'[{"name":"a","host":"192.0.2.1","device_type":"linux","site":"\\u0000"}]',
		'[{"name":"\\ud800"}]',
		"[[[[",
		'[{"__proto__":{"a":1},"name":"x"}]',
		`[${"[".repeat(50_000)}`,
	])("%.40s is a problem", async (file) => {
		expect((await problemsOf(file, { format: "json" })).length).toBeGreaterThan(0);
	});
});

describe("what an import does", () => {
	test("a dry run shows the same as the import does, and does nothing", async () => {
		const credential = await api.createCredential({ body: { name: "Ops", username: "ops", password: "p" } });
		await api.createDevice({
			body: { name: "Up-1", host: "192.0.2.1", device_type: "linux", site: "Bern", tags: ["a"], groups: ["G"] },
		});
		await api.createDevice({
			body: { name: "same-1", host: "192.0.2.2", device_type: "linux", username: "u", password: "p" },
		});
		const file = [
			"name,host,device_type,credential,site,tags,groups,username,password",
			"up-1,192.0.2.9,linux,ops,,b;a,g,,",
			"same-1,192.0.2.2,linux,,,,,u,p",
			"new-1,192.0.2.3,linux,,,,H,joe,canary-secret",
		].join("\n");
		const before = await all();
		const planned = await dryRun(file);
		expect(await all()).toEqual(before);
		expect(planned).toMatchObject({ dry_run: true, rows: 3, created: 1, updated: 1, unchanged: 1 });
		expect(planned.changes[0]).toEqual({
			row: 1,
			name: "up-1",
			action: "update",
			fields: {
				name: { before: "Up-1", after: "up-1" },
				host: { before: "192.0.2.1", after: "192.0.2.9" },
				site: { before: "Bern", after: null },
				tags: { before: ["a"], after: ["a", "b"] },
				credential: { before: null, after: "ops" },
			},
		});
		expect(planned.changes[2]?.fields).toMatchObject({
			username: { after: "joe" },
			password: { before: "not set", after: "set anew" },
		});
		expect(JSON.stringify(planned)).not.toContain("canary");
		const { dry_run: _, ...done } = await take(file);
		const { dry_run: __, ...shown } = planned;
		expect(done).toEqual(shown);
		const after = await all();
		expect(after.find(({ name }) => name === "up-1")).toMatchObject({ credential_id: credential.id, groups: ["G"] });
		const made = after.find(({ name }) => name === "new-1");
		expect(await reveal(started, made?.id ?? "")).toMatchObject({ username: "joe", password: "canary-secret" });
		expect(after.find(({ name }) => name === "same-1")).toEqual(before.find(({ name }) => name === "same-1"));
		expect(await take(file)).toMatchObject({ created: 0, updated: 0, unchanged: 3 });
	});

	test("columns that are absent leave what is there; logins change part by part and go for a stored credential", async () => {
		await api.createCredential({ body: { name: "ops", username: "ops", password: "p" } });
		const made = await api.createDevice({
			body: {
				name: "keep-1",
				host: "192.0.2.1",
				device_type: "linux",
				port: 99,
				site: "S",
				username: "u",
				password: "one",
				enable_password: "en",
			},
		});
		await take("name,description\nkeep-1,changed\n");
		expect(await api.getDevice({ params: { id: made.id } })).toMatchObject({
			port: 99,
			site: "S",
			description: "changed",
		});
		await take("name,password\nkeep-1,two\n");
		expect(await reveal(started, made.id)).toMatchObject({ username: "u", password: "two", enable_password: "en" });
		await take("name,credential\nkeep-1,OPS\n");
		expect(await reveal(started, made.id)).toMatchObject({ username: "ops" });
		expect((await api.listCredentials({ query: { own: "true" } })).total).toBe(1);
		expect(await problemsOf("name,credential,username,password\nkeep-1,ops,x,y\n")).toMatchObject([
			{ column: "credential" },
		]);
	});

	test("jump hosts may stand further down in the file; circles are refused", async () => {
		await take("name,host,device_type,jump_host\na-1,192.0.2.1,linux,b-1\nb-1,192.0.2.2,linux,\n");
		const [a, b] = await all();
		expect(a?.jump_device_id).toBe(b?.id);
		expect(await problemsOf("name,jump_host\nb-1,A-1\n")).toMatchObject([{ row: 1, line: 2, column: "jump_host" }]);
		expect(await problemsOf("name,jump_host\nb-1,b-1\n")).toMatchObject([{ column: "jump_host" }]);
		await take("name,jump_host\na-1,\n");
		expect((await all())[0]?.jump_device_id).toBeNull();
	});

	test("two imports of the same new devices at once leave them there once", async () => {
		const file = `name,host,device_type\n${Array.from({ length: 200 }, (_, i) => `twice-${i},192.0.2.1,linux`).join("\n")}\n`;
		const outcomes = await Promise.allSettled([take(file), take(file)]);
		expect(outcomes.some(({ status }) => status === "fulfilled")).toBe(true);
		for (const outcome of outcomes) {
			if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "devices.import_conflict" });
		}
		expect((await api.listDevices({ query: {} })).total).toBe(200);
	});

	test("ten thousand rows with logins take seconds, and the service answers meanwhile", async () => {
		const lines = Array.from(
			{ length: 10_000 },
			(_, i) =>
				`dev-${i},10.${i >> 16}.${(i >> 8) & 255}.${i & 255},linux,u${i},p${i},t${i % 50};all,g${i % 20},Site ${i % 9}`,
		);
		const file = `name,host,device_type,username,password,tags,groups,site\n${lines.join("\n")}\n`;
		const waits: number[] = [];
		let importing = true;
		const watch = (async () => {
			while (importing) {
				const asked = performance.now();
				await api.listTargets({ body: { select: { tags: ["nothing"] } } });
				waits.push(performance.now() - asked);
				await new Promise((resolve) => setTimeout(resolve, 20));
			}
		})();
		const begun = performance.now();
		expect(await take(file)).toMatchObject({ created: 10_000 });
		const created_ms = performance.now() - begun;
		expect(await take(file)).toMatchObject({ unchanged: 10_000 });
		importing = false;
		await watch;
		expect(created_ms).toBeLessThan(20_000);
		expect(Math.max(...waits)).toBeLessThan(3_000);
		const text = await exported();
		expect(text.split("\r\n")).toHaveLength(10_002);
		expect(text).not.toContain("p9999");
	}, 60_000);
});

describe("export", () => {
	const text = fc.string({
		unit: fc.constantFrom("=", "+", "-", "@", "'", '"', ",", ";", "\n", "\r", "\t", " ", "a", "ü", "\u{1F600}"),
		maxLength: 12,
	});
	const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,8}$/);
	const anyDevice = fc.record({
		name: word,
		host: fc.constantFrom("192.0.2.1", "2001:db8::1", "a.example"),
		port: fc.integer({ min: 1, max: 65_535 }),
		device_type: fc.constantFrom("linux", "cisco_ios"),
		tags: fc.array(word, { maxLength: 3 }),
		groups: fc.array(word, { maxLength: 3 }),
		site: fc.option(text.filter((site) => site !== "")),
		description: text,
		enabled: fc.boolean(),
		legacy_algorithms: fc.boolean(),
	});

	test.each(["csv", "json"] as const)(
		"what is exported as %s is imported as it was, whatever the values",
		async (format) => {
			const { db } = started;
			await fc.assert(
				fc.asyncProperty(
					fc.uniqueArray(anyDevice, { selector: ({ name }) => name.toLowerCase(), minLength: 1, maxLength: 4 }),
					async (given) => {
						await db.query("truncate devices, credentials, device_groups cascade");
						const credential = await api.createCredential({
							body: { name: `=${newId()}`, username: "u", password: "p" },
						});
						for (const [index, body] of given.entries()) {
							await api.createDevice({ body: { ...body, credential_id: index % 2 === 0 ? credential.id : null } });
						}
						const before = await all();
						const file = await exported(format);
						expect(await take(file, { format })).toMatchObject({ unchanged: given.length, problems: [] });
						expect(await all()).toEqual(before);
						await db.query("truncate devices, device_groups cascade");
						await api.createCredential({
							body: { name: before.length > 0 ? credential.name : "", username: "u", password: "p" },
						});
						expect(await take(file, { format })).toMatchObject({ created: given.length });
						expect(await exported(format)).toBe(file);
					},
				),
				{ numRuns: 12 },
			);
		},
	);

	test("no cell of a CSV starts a formula, and an own login stays behind", async () => {
		for (const [index, description] of [
			"=1+1",
			"+1",
			"-1",
			"@x",
			"\t=1",
			"'=1",
			'=HYPERLINK("http://evil")',
		].entries()) {
			await api.createDevice({
				body: {
					name: `f-${index}`,
					host: "192.0.2.1",
					device_type: "linux",
					description,
					username: "canary-u",
					password: "canary-p",
				},
			});
		}
		const file = await exported();
		expect(file).not.toContain("canary");
		expect(file).not.toMatch(/(?:^|[,;\n])"?[=+\-@\t]/m);
		expect(await take(file)).toMatchObject({ unchanged: 7 });
	});

	test("only what the filter takes is exported", async () => {
		await take("name,host,device_type,site\nx-1,192.0.2.1,linux,A\nx-2,192.0.2.2,frr,B\n");
		expect(JSON.parse(await api.exportDevices({ query: { format: "json", site: "B" } }))).toMatchObject([
			{ name: "x-2" },
		]);
		expect(await api.exportDevices({ query: { format: "json", site: "C" } })).toBe("[]\n");
	});
});
