import { defaultTargets, loadServices } from "@netconductor/server/services";
import { expect, test } from "vitest";
import { findIncompatible, findIncompatibleIn } from "./migrations.ts";

/** While an upgrade rolls, processes of the version before work on the schemas of the new one: what they use must stay. */

/** Written before the first release, so that nobody ran what came before them. Nothing is ever added here. */
const beforeTheFirstRelease = [
	"audit/0002_search_records",
	"tasks/0001_take_operations_in_turn",
	"tasks/0002_drop_queues",
	"tasks/0007_seal_journal",
	"tasks/0008_wait_for_runs_by_step",
];

test("no migration takes away, renames or narrows what the version before it uses", async () => {
	const services = await loadServices(defaultTargets);
	const found = await Promise.all(
		services.flatMap(({ name, migrations }) =>
			migrations === undefined ? [] : [findIncompatibleIn(name, migrations)],
		),
	);
	const all = found.flat();
	expect(all.filter(({ migration }) => !beforeTheFirstRelease.includes(migration))).toEqual([]);
	expect([...new Set(all.map(({ migration }) => migration))].toSorted()).toEqual(beforeTheFirstRelease);
});

test.each([
	[`alter table "tasks"."runs" drop column "title"`, "drops it"],
	["alter table runs drop title", "drops it"],
	[`drop table if exists "runs" cascade`, "drops it"],
	[`ALTER TABLE "runs" RENAME COLUMN "title" TO "name"`, "renames it"],
	[`alter table "runs" rename to "tasks"`, "renames it"],
	[`alter table "runs" alter column "title" set data type integer`, "changes its type"],
	[`alter table "runs" alter title type integer`, "changes its type"],
	[`alter table "runs" alter column "title" set not null`, "refuses what was left out"],
	[`alter table "runs" alter column "title" drop default`, "refuses what was left out"],
	[`alter table "runs" add column "a" text, add column "site" text not null`, "refuses what was left out"],
	[`alter table "runs" add constraint "short" check (length("title") < 10)`, "refuses what was allowed"],
	[`create unique index "one" on "runs" using btree ("title")`, "refuses what was allowed twice"],
	[`do $$ begin execute 'drop function x; select 1'; end $$`, "drops what it finds"],
])("%s is found", (statement, why) => {
	expect(findIncompatible("x/0001", [`select 1;\n-- first\n${statement};`])).toMatchObject([{ why }]);
});

test.each([
	[`create table "new" ("id" uuid); alter table "new" add constraint "k" unique ("id"); drop index "old_one"`],
	[`alter table "runs" add column "site" text; create unique index "one" on "runs" ("title", "site")`],
	[`alter table "runs" add column "site" text default 'a, b' not null`],
	[`alter table "runs" add column "words" text generated always as (lower(title)) stored not null`],
	[
		`alter table "runs" add column "site_id" uuid; alter table "runs" add constraint "fk" foreign key ("site_id") references "sites"("id")`,
	],
	[`alter table "runs" alter column "title" drop not null`],
	[`alter table "runs" drop constraint "one_of_two"`],
	[`create index "by_title" on "runs" ("title"); insert into "notes" values ('alter table runs drop column title')`],
])("%s changes nothing for the version before", (text) => {
	expect(findIncompatible("x/0001", text.split("--> statement-breakpoint"))).toEqual([]);
});
