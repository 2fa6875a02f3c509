import { SearchText } from "@netconductor/contracts/auth/model";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AuthHost, anonymousFrom, startAuthHost } from "./auth-host.ts";

const adminPassword = "correct horse battery";
const password = "a password of some length";
let auth: AuthHost;
let admin: CallerContext;
let ann: CallerContext;
let ben: CallerContext;
beforeAll(async () => {
	auth = await startAuthHost("auth_views", { admin_password: adminPassword });
	admin = await auth.as(await auth.login("admin", adminPassword));
	for (const username of ["ann", "ben"]) {
		const body = { username, password, role: "viewer", must_change_password: false };
		await auth.api.createUser({ body }, admin);
	}
	ann = await auth.as(await auth.login("ann", password));
	ben = await auth.as(await auth.login("ben", password));
});
afterAll(() => auth.stop());

const save = (name: string, as: CallerContext, more: { shared?: boolean; page?: string; position?: number } = {}) =>
	auth.api.createView({ body: { page: "devices", name, search: "health=failing&sort=-health_at", ...more } }, as);
const names = async (as: CallerContext, query: Parameters<typeof auth.api.listViews>[0]["query"] = {}) =>
	(await auth.api.listViews({ query }, as)).items.map(({ name }) => name);

test("a private view is its owner's alone; a shared one everybody sees, with whose it is", async () => {
	const mine = await save("Private", ann);
	const shared = await save("For all", ann, { shared: true });
	expect(await names(ann)).toEqual(["For all", "Private"]);
	expect(await names(ben)).toEqual(["For all"]);
	expect((await auth.api.listViews({ query: { own: "false" } }, ben)).items).toMatchObject([
		{ id: shared.id, owner: "ann", shared: true, search: "health=failing&sort=-health_at" },
	]);
	const hidden = auth.api.updateView({ params: { id: mine.id }, body: { name: "Taken over" } }, ben);
	await expect(hidden).rejects.toMatchObject({ code: "views.not_found" });
	await expect(auth.api.deleteView({ params: { id: mine.id } }, admin)).rejects.toMatchObject({
		code: "views.not_found",
	});
});

test("a shared view is changed and deleted by its owner and with settings:write, by nobody else", async () => {
	const { id } = await save("Changed", ann, { shared: true });
	const others = auth.api.updateView({ params: { id }, body: { name: "Mine now" } }, ben);
	await expect(others).rejects.toMatchObject({ code: "views.not_yours" });
	await expect(auth.api.deleteView({ params: { id } }, ben)).rejects.toMatchObject({ code: "views.not_yours" });

	const byAdmin = await auth.api.updateView({ params: { id }, body: { search: "site=hq" } }, admin);
	expect(byAdmin).toMatchObject({ name: "Changed", search: "site=hq", owner: "ann" });
	// An administrator who takes it out of sight is still answered, once.
	const hidden = await auth.api.updateView({ params: { id }, body: { shared: false } }, admin);
	expect(hidden).toMatchObject({ shared: false, owner: "ann" });
	await auth.api.deleteView({ params: { id } }, ann);
	expect(await names(ann)).not.toContain("Changed");
	expect((await auth.published("audit.operation_recorded.v1")).at(-1)).toMatchObject({
		operation: "deleteView",
		resource_type: "view",
		resource_name: "Changed",
		before: { search: "site=hq", owner: "ann" },
	});
});

test("a name is taken once per owner and page, whatever its case", async () => {
	await save("Edge", ann, { page: "runs" });
	await expect(save("EDGE", ann, { page: "runs" })).rejects.toMatchObject({ code: "views.name_taken" });
	await save("Edge", ann, { page: "backups" });
	await save("Edge", ben, { page: "runs" });
	const other = await save("Core", ben, { page: "runs" });
	const renamed = auth.api.updateView({ params: { id: other.id }, body: { name: "edge" } }, ben);
	await expect(renamed).rejects.toMatchObject({ code: "views.name_taken" });
});

test("views of a page stand in their order, and come in pages", async () => {
	for (const [name, position] of [
		["c", 1],
		["a", 2],
		["b", 1],
	] as const) {
		await save(name, ben, { page: "ordered", position });
	}
	expect(await names(ben, { of_page: "ordered" })).toEqual(["b", "c", "a"]);
	expect(await names(ben, { of_page: "ordered", sort: "-name" })).toEqual(["c", "b", "a"]);
	const second = await auth.api.listViews({ query: { of_page: "ordered", page: 2, page_size: 2 } }, ben);
	expect(second).toMatchObject({ total: 3, page: 2, items: [{ name: "a" }] });
	expect(await names(ben, { of_page: "ordered", q: "C" })).toEqual(["c"]);
});

test("nobody saves views without end, not even many at once", async () => {
	const many = await Promise.allSettled(
		Array.from({ length: 205 }, (_, i) => save(`view ${i}`, admin, { page: "many" })),
	);
	expect(many.filter(({ status }) => status === "fulfilled")).toHaveLength(200);
	await expect(save("one more", admin)).rejects.toMatchObject({ code: "views.too_many" });
});

test("a search is a query string and nothing else", () => {
	for (const good of ["", "q=core&tag=a,b", "tag=%5B%22a%22%5D", "q=%C3%A4", "from=2026-01-01T00:00:00Z&x=[1]"]) {
		expect(SearchText.safeParse(good).success, good).toBe(true);
	}
	for (const bad of [
		"?q=1",
		"q=a b",
		"q=<script>",
		"q=%",
		"q=%zz",
		"q=%ff",
		"q=%00",
		"q=#x",
		"q=ä",
		"x".repeat(4_001),
	]) {
		expect(SearchText.safeParse(bad).success, bad).toBe(false);
	}
});

test("a stranger is shown the banner, the name of the product and how long a password must be, and nothing more", async () => {
	await auth.api.updateSettings({ body: { login_banner: "Authorised staff only", password_min_length: 16 } }, admin);
	const shown = await auth.api.getSignIn({}, anonymousFrom());
	expect(shown).toEqual({
		product: "NetConductor",
		login_banner: "Authorised staff only",
		password_min_length: 16,
		buttons: [],
		passkey_origin: null,
	});
});

test("views go with their owner", async () => {
	const count = async () => (await auth.db.query("select 1 from views where page = 'ordered'")).length;
	expect(await count()).toBe(3);
	const { items } = await auth.api.listUsers({ query: { q: "ben" } }, admin);
	await auth.api.deleteUser({ params: { id: items[0]?.id ?? "" } }, admin);
	expect(await count()).toBe(0);
});
