import { newId } from "@netconductor/runtime/id";
import { actorWith, admin } from "@netconductor/runtime/testing/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failureOf, type Started, startConfig } from "./start.ts";

let started: Started;
beforeAll(async () => {
	started = await startConfig();
});
afterAll(() => started.stop());

describe("a template", () => {
	test("is found by its id and by its name in any case", async () => {
		const { api, add } = started;
		const made = await add("Base/NTP.j2", "ntp server {{ ntp }}\n", { type: "partial", tags: ["b", "a", "b"] });
		expect(made).toMatchObject({ version: 1, tags: ["a", "b"], type: "partial", created_by: "admin" });
		expect(await api.getTemplate({ params: { id: made.id } })).toEqual(made);
		expect(await api.getTemplate({ params: { id: "base/ntp.j2" } })).toEqual(made);
	});

	test("needs a name that no other has in any case", async () => {
		await started.add("vlans", "vlan 1");
		const failure = await failureOf(started.add("VLANS", "vlan 2"));
		expect(failure).toMatchObject({ code: "templates.name_taken", errors: [{ path: "body.name" }] });
	});

	test.each([
		["climbs out of where it belongs", "../etc/passwd"],
		["begins with a slash", "/etc/passwd"],
		["is an attribute of every object", "__proto__"],
		["looks like an id", "01900000-0000-7000-8000-000000000001"],
		["holds a line break", "a\nb"],
		["holds a NUL", "a\0b"],
		["turns the direction of writing", "a\u202eb"],
		["is a tag", "<img src=x>"],
		["is empty", ""],
	])("is refused with a name that %s", async (_, name) => {
		expect(await failureOf(started.add(name, ""))).toMatchObject({ code: "request.invalid" });
	});

	test.each(["constructor", "toString", "Größe 3", "日本/設定.j2", "a".repeat(100)])(
		"may be named %s",
		async (name) => {
			const made = await started.add(name, "x");
			const user = await started.add(`uses ${name}`.slice(0, 100).trim(), `{% include "${name}" %}`);
			expect((await started.api.getTemplate({ params: { id: name } })).id).toBe(made.id);
			expect((await started.api.renderTemplate({ params: { id: user.id }, body: {} })).text).toBe("x");
		},
	);

	test.each(["nothing here", "' or true --", "%", "..", "\u{1F600}"])(
		"that is not there is not found by %j",
		async (id) => {
			expect(await failureOf(started.api.getTemplate({ params: { id } }))).toMatchObject({
				code: "templates.not_found",
			});
		},
	);

	test("with a source that cannot be read is refused, and the error names its line", async () => {
		const failure = await failureOf(started.add("broken", "line 1\n{% if x %}\nline 3"));
		expect(failure).toMatchObject({
			code: "template.syntax",
			details: { template: "broken" },
			errors: [{ path: "body.source", message: expect.stringMatching(/^Line \d of broken: /) }],
		});
		expect((await started.api.listTemplates({ query: { q: "broken" } })).total).toBe(0);
	});

	test("of a megabyte is kept and rendered, of more refused", async () => {
		const line = "interface Ethernet1\n";
		const made = await started.add("megabyte", line.repeat(1_000_000 / line.length));
		const { text } = await started.api.renderTemplate({ params: { id: made.id }, body: {} });
		expect(text.length).toBe(1_000_000);
		expect(await failureOf(started.add("more", "x".repeat(1_000_001)))).toMatchObject({ code: "request.invalid" });
	});
});

describe("changing a template", () => {
	test("makes a version only when source or settings differ", async () => {
		const { api, add } = started;
		const made = await add("versions only", "a\n");
		const renamed = await api.updateTemplate({
			params: { id: made.id },
			body: { version: 1, description: "described" },
		});
		expect(renamed).toMatchObject({ version: 1, description: "described", source: "a\n" });
		const same = await api.updateTemplate({ params: { id: made.id }, body: { version: 1, source: "a\n" } });
		expect(same.version).toBe(1);
		const changed = await api.updateTemplate({
			params: { id: made.id },
			body: { version: 1, settings: { ...made.settings, trim_blocks: false } },
		});
		expect(changed.version).toBe(2);
	});

	test("from an old version is refused, naming who changed it, and changes nothing", async () => {
		const { api, add, as } = started;
		const made = await add("contested", "a");
		const other = as(actorWith("templates:*"));
		await other.updateTemplate({ params: { id: made.id }, body: { version: 1, source: "b" } });
		const failure = await failureOf(api.updateTemplate({ params: { id: made.id }, body: { version: 1, source: "c" } }));
		expect(failure).toMatchObject({ code: "templates.changed", details: { changed_by: "tester", version: 2 } });
		expect(failure.message).toContain("tester changed contested");
		expect((await api.getTemplate({ params: { id: made.id } })).source).toBe("b");
	});

	test("by twenty at once lets one through", async () => {
		const { api, add } = started;
		const made = await add("raced", "0");
		const outcomes = await Promise.allSettled(
			Array.from({ length: 20 }, (_, n) =>
				api.updateTemplate({ params: { id: made.id }, body: { version: 1, source: `${n + 1}` } }),
			),
		);
		expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
		expect((await api.listTemplateVersions({ params: { id: made.id }, query: {} })).items).toHaveLength(2);
	});

	test("takes templates:write, and looking takes templates:read", async () => {
		const { add, as } = started;
		const { id } = await add("guarded", "a");
		const reader = as(actorWith("templates:read"));
		expect((await reader.getTemplate({ params: { id } })).source).toBe("a");
		expect(await failureOf(reader.updateTemplate({ params: { id }, body: { version: 1, source: "b" } }))).toMatchObject(
			{
				code: "auth.forbidden",
			},
		);
		expect(await failureOf(as(actorWith()).getTemplate({ params: { id } }))).toMatchObject({ code: "auth.forbidden" });
	});
});

describe("links", () => {
	test("lead from deploy templates to templates of the right type only", async () => {
		const { add } = started;
		const validation = await add("check it", "x", { type: "validation" });
		const linked = await add("linked", "x", { validation_template_id: validation.id });
		expect(linked.validation_template_id).toBe(validation.id);
		for (const [name, more] of [
			["wrong type", { delete_template_id: validation.id }],
			["nothing", { validation_template_id: "01900000-0000-7000-8000-00000000dead" }],
			["not deploy", { type: "partial", validation_template_id: validation.id }],
		] as const) {
			const failure = await failureOf(add(name, "x", more));
			expect(failure, name).toMatchObject({ code: "templates.bad_link" });
		}
	});

	test("keep what they lead to from being deleted or given another type", async () => {
		const { api, add } = started;
		const undo = await add("undo", "x", { type: "delete" });
		await add("does", "x", { delete_template_id: undo.id });
		const failure = await failureOf(api.deleteTemplate({ params: { id: undo.id } }));
		expect(failure).toMatchObject({ code: "templates.in_use", message: expect.stringContaining("needed by does") });
		expect(
			await failureOf(api.updateTemplate({ params: { id: undo.id }, body: { version: 1, type: "partial" } })),
		).toMatchObject({ code: "templates.in_use" });
	});
});

describe("what others include", () => {
	test("is not deleted or renamed while they stay, and is told by used-by", async () => {
		const { api, add } = started;
		const part = await add("part", "p", { type: "partial" });
		const whole = await add("whole", '{% include "part" %}');
		const uses = await api.listTemplateUses({ params: { id: "part" }, query: {} });
		expect(uses).toMatchObject({ total: 1, items: [{ id: whole.id, name: "whole", how: "source" }] });
		expect(await failureOf(api.deleteTemplate({ params: { id: part.id } }))).toMatchObject({
			code: "templates.in_use",
			details: { needed_by: [{ id: whole.id, name: "whole" }] },
		});
		expect(
			await failureOf(api.updateTemplate({ params: { id: part.id }, body: { version: 1, name: "piece" } })),
		).toMatchObject({ code: "templates.in_use" });

		await api.updateTemplate({ params: { id: whole.id }, body: { version: 1, source: "alone" } });
		await api.deleteTemplate({ params: { id: part.id } });
		expect(await failureOf(api.getTemplate({ params: { id: part.id } }))).toMatchObject({
			code: "templates.not_found",
		});
	});

	test("goes together with those that include it, or nothing goes", async () => {
		const { api, add } = started;
		const part = await add("bulk part", "p", { type: "delete" });
		const whole = await add("bulk whole", '{% include "bulk part" %}', { delete_template_id: part.id });
		const stays = await add("bulk stays", '{% include "bulk whole" %}');
		expect(await failureOf(api.deleteTemplates({ body: { ids: [part.id, whole.id] } }))).toMatchObject({
			code: "templates.in_use",
			message: expect.stringContaining("bulk stays"),
		});
		expect((await api.listTemplates({ query: { q: "bulk" } })).total).toBe(3);
		expect(await api.deleteTemplates({ body: { ids: [part.id, whole.id, stays.id, part.id] } })).toEqual({
			deleted: 3,
		});
	});
});

test("a template that a stack uses is neither deleted nor given another type, and may be renamed", async () => {
	const { api, add } = started;
	const template = await add("used by a stack", "x");
	const service = { name: "one", template_id: template.id, targets: { all: true } };
	const stack = await api.createStack({ body: { name: "edge stack", services: [service] } });
	expect(await api.listTemplateUses({ params: { id: template.id }, query: {} })).toMatchObject({
		items: [{ id: stack.id, name: "edge stack", type: null, how: "stack" }],
	});
	const limited = started.as({ ...admin, device_groups: [newId()] });
	expect(await limited.listTemplateUses({ params: { id: template.id }, query: {} })).toMatchObject({
		items: [],
		total: 0,
	});
	const refused = { code: "templates.in_use", message: expect.stringContaining("needed by edge stack") };
	expect(await failureOf(api.deleteTemplate({ params: { id: template.id } }))).toMatchObject(refused);
	const update = (body: object) => api.updateTemplate({ params: { id: template.id }, body: { version: 1, ...body } });
	expect(await failureOf(update({ type: "partial" }))).toMatchObject(refused);
	expect((await update({ name: "used and renamed" })).name).toBe("used and renamed");
});

describe("versions", () => {
	test("are listed newest first, page by page, compared and brought back as a new one", async () => {
		const { api, add } = started;
		const { id } = await add("history", "a\nb\nc\n");
		await api.updateTemplate({ params: { id }, body: { version: 1, source: "a\nB\nc\n", note: "louder" } });
		await api.updateTemplate({ params: { id }, body: { version: 2, source: "a\nB\nc\nd\n" } });

		const first = await api.listTemplateVersions({ params: { id }, query: { limit: 2 } });
		expect(first.items.map(({ version, note, lines }) => [version, note, lines])).toEqual([
			[3, "", 4],
			[2, "louder", 3],
		]);
		const rest = await api.listTemplateVersions({
			params: { id },
			query: { limit: 2, cursor: first.next_cursor ?? "" },
		});
		expect(rest).toMatchObject({ items: [{ version: 1, created_by: "admin" }], next_cursor: null });

		const compared = await api.compareTemplateVersions({ params: { id: "history" }, query: { from: 1, to: 3 } });
		expect(compared).toMatchObject({ added: 2, removed: 1, identical: false, settings: [] });
		expect(compared.unified).toBe(
			"--- history (version 1)\n+++ history (version 3)\n@@ -1,3 +1,4 @@\n a\n-b\n+B\n c\n+d\n",
		);

		const restored = await api.restoreTemplateVersion({
			params: { id, version: 1 },
			body: { version: 3, note: "back" },
		});
		expect(restored).toMatchObject({ version: 4, source: "a\nb\nc\n" });
		expect((await api.getTemplateVersion({ params: { id, version: 4 } })).restored_from).toBe(1);
		expect(
			await failureOf(api.restoreTemplateVersion({ params: { id, version: 1 }, body: { version: 3 } })),
		).toMatchObject({ code: "templates.changed" });
		expect(await failureOf(api.getTemplateVersion({ params: { id, version: 99 } }))).toMatchObject({
			code: "templates.version_not_found",
		});
	});

	test("that differ in settings alone say which", async () => {
		const { api, add } = started;
		const { id, settings } = await add("settled", "a\n");
		await api.updateTemplate({ params: { id }, body: { version: 1, settings: { ...settings, trim_blocks: false } } });
		expect(await api.compareTemplateVersions({ params: { id }, query: {} })).toMatchObject({
			identical: false,
			hunks: [],
			settings: [{ name: "trim_blocks", from: true, to: false }],
		});
	});

	test("of a megabyte with nothing in common are compared all the same", async () => {
		const { api, add } = started;
		const text = (word: string) => Array.from({ length: 40_000 }, (_, n) => `${word} ${n * 7}`).join("\n");
		const { id } = await add("unlike", text("from"));
		await api.updateTemplate({ params: { id }, body: { version: 1, source: text("to") } });
		expect(await api.compareTemplateVersions({ params: { id }, query: {} })).toMatchObject({
			added: 40_000,
			removed: 40_000,
			truncated: true,
		});
	});
});

describe("rendering", () => {
	test("takes the variables given and what is included, through others too", async () => {
		const { api, add } = started;
		await add("inner", "ntp {{ ntp }}", { type: "partial" });
		await add("middle", '{% include "inner" %}!', { type: "partial" });
		await add("outer", 'host {{ name }}\n{% include "middle" %}\n');
		const rendered = await api.renderTemplate({
			params: { id: "outer" },
			body: { variables: { name: "r1", ntp: "192.0.2.1" } },
		});
		expect(rendered).toMatchObject({ text: "host r1\nntp 192.0.2.1!", variables: { name: "r1", ntp: "192.0.2.1" } });
	});

	test("for a device knows the device and lets what is given win, and tells of no login", async () => {
		const { api, add, addDevice } = started;
		const device_id = addDevice({ name: "leaf-7", site: "ber", tags: ["edge"], facts: { model: "7050" } });
		await add(
			"for device",
			"{{ device.name }} {{ device.vendor }} {{ device.site }} {{ device.facts.model }} {{ mtu }}",
		);
		const body = { device_id, variables: { mtu: 9000 } };
		const rendered = await api.renderTemplate({ params: { id: "for device" }, body });
		expect(rendered.text).toBe("leaf-7 Arista ber 7050 9000");
		expect(JSON.stringify(rendered.variables)).not.toMatch(/credential|password|username/);

		const over = {
			device_id,
			variables: { mtu: 1, device: { name: "x", vendor: "", site: "", facts: { model: "" } } },
		};
		expect((await api.renderTemplate({ params: { id: "for device" }, body: over })).text).toBe("x    1");
	});

	test("of an unsaved source knows stored templates", async () => {
		await started.add("stored", "S");
		const { text } = await started.api.previewTemplate({
			body: { source: '{% include "stored" %}{{ a }}', variables: { a: 1 } },
		});
		expect(text).toBe("S1");
	});

	test("without a variable names template, line and variable", async () => {
		const { api, add } = started;
		await add("lacking", "line 1\n{{ absent }}\n");
		expect(await failureOf(api.renderTemplate({ params: { id: "lacking" }, body: {} }))).toMatchObject({
			code: "template.undefined_variable",
			details: { template: "lacking", line: 2, variable: "absent" },
		});
	});

	test("without what is included names that", async () => {
		const { api, add } = started;
		await add("astray", '{% include "nowhere" %}');
		const failure = await failureOf(api.renderTemplate({ params: { id: "astray" }, body: {} }));
		expect(failure).toMatchObject({ code: "template.not_included", message: expect.stringContaining("nowhere") });
	});

	test("of templates that include each other in a circle ends with an error", async () => {
		const { api, add } = started;
		await add("ping", '{% include "pong" %}');
		await add("pong", '{% include "ping" %}');
		const failure = await failureOf(api.renderTemplate({ params: { id: "ping" }, body: {} }));
		expect(failure.code).toBe("template.too_deep");
	});

	test("with values nested too deeply is refused at the door", async () => {
		let deep: unknown = 1;
		for (let n = 0; n < 10_000; n++) deep = [deep];
		const call = started.api.previewTemplate({ body: { source: "x", variables: { deep } } });
		expect(await failureOf(call)).toMatchObject({ code: "request.invalid" });
	});
});

describe("variables", () => {
	test("are found over all that is included, with shape, default and place", async () => {
		const { api, add } = started;
		await add("peer part", "neighbor {{ peer.address }} remote-as {{ peer.asn | default(65000) }}\n", {
			type: "partial",
		});
		await add("peers", 'hostname {{ hostname }}\n{% for peer in bgp.peers %}{% include "peer part" %}{% endfor %}\n');
		const found = await api.getTemplateVariables({ params: { id: "peers" } });
		expect(found.templates).toEqual(["peer part"]);
		expect(found.variables).toMatchObject([
			{ name: "hostname", shape: "scalar", required: true, template: "peers", line: 1 },
			{
				name: "bgp",
				shape: "mapping",
				keys: [
					{ name: "peers", shape: "list", items: { shape: "mapping", keys: [{ name: "address" }, { name: "asn" }] } },
				],
			},
		]);
		const asn = found.variables[1]?.keys[0]?.items?.keys[1];
		expect(asn).toMatchObject({ required: false, default: 65000, template: "peer part", line: 1 });
	});

	test("of an unsaved source that cannot be read are refused with its line", async () => {
		const failure = await failureOf(started.api.findSourceVariables({ body: { source: "one\n{{ x" } }));
		expect(failure).toMatchObject({ code: "template.syntax", errors: [{ path: "body.source" }], details: { line: 2 } });
	});

	test("of templates that include each other in a circle are found all the same", async () => {
		const { api, add } = started;
		await add("egg", '{{ yolk }}{% include "hen" %}');
		await add("hen", '{{ beak }}{% include "egg" %}');
		const { variables, templates } = await api.getTemplateVariables({ params: { id: "egg" } });
		expect(variables.map(({ name }) => name)).toEqual(["yolk", "beak"]);
		expect(templates).toEqual(["hen"]);
	});

	test("that are computed names of templates reach partial templates alone", async () => {
		const { api, add } = started;
		await add("kind a", "a", { type: "partial" });
		await add("kind b", "b");
		await add("by kind", "{% include 'kind ' ~ kind %}");
		const render = (kind: string) => api.renderTemplate({ params: { id: "by kind" }, body: { variables: { kind } } });
		expect((await render("a")).text).toBe("a");
		expect(await failureOf(render("b"))).toMatchObject({ code: "template.not_included" });
	});
});

describe("the list", () => {
	test("is searched literally, filtered and ordered as people count", async () => {
		const { api, add } = started;
		for (const n of [10, 2, 1])
			await add(`ordered-${n}`, "x", { tags: ["listed"], platforms: n === 2 ? ["cisco_ios"] : [] });
		await add("100%_sure".replace("%", " "), "x", { description: "100% sure_", tags: ["listed"] });
		const names = async (query: object) =>
			(await api.listTemplates({ query: { tag: "listed", ...query } })).items.map(({ name }) => name);
		expect(await names({ q: "ORDERED" })).toEqual(["ordered-1", "ordered-2", "ordered-10"]);
		expect(await names({ q: "100%" })).toEqual(["100 _sure"]);
		expect(await names({ platform: "juniper_junos", q: "ordered" })).toEqual(["ordered-1", "ordered-10"]);
		expect(await names({ type: "partial" })).toEqual([]);
		expect((await api.listTemplates({ query: { tag: "listed", page: 9, page_size: 2 } })).total).toBe(4);
	});
});
