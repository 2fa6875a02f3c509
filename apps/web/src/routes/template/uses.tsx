import type { Template, TemplateUse } from "@netconductor/contracts/config/templates";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useState } from "react";
import { useApi } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { TextLink } from "../../ui/link.tsx";
import { State } from "../../ui/state.tsx";
import type { Column } from "../../ui/table/column.ts";
import { DataTable } from "../../ui/table/data-table.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { TemplateTypeState, templateTypes } from "../templates/template-type.tsx";

const hows: Readonly<Record<TemplateUse["how"], string>> = {
	source: "Its source includes it",
	validation: "As its validation template",
	delete: "As its delete template",
	stack: "A service of the stack uses it",
	stack_template: "A service of the stack template uses it",
};

const pages = {
	source: "/templates/$id",
	validation: "/templates/$id",
	delete: "/templates/$id",
	stack: "/stacks/$id",
	stack_template: "/stack-templates/$id",
} as const satisfies Record<TemplateUse["how"], string>;

const stackWords: Readonly<Record<TemplateUse["how"], string>> = {
	source: "",
	validation: "",
	delete: "",
	stack: "Stack",
	stack_template: "Stack template",
};

const columns: Column<TemplateUse>[] = [
	{
		id: "name",
		label: "Name",
		text: ({ name }) => name,
		cell: ({ id, name, how }) => (
			<TextLink to={pages[how]} params={{ id }} fw={550} size="sm">
				{visibleLine(name)}
			</TextLink>
		),
	},
	{
		id: "type",
		label: "Type",
		width: 140,
		text: ({ type, how }) => (type === null ? stackWords[how] : templateTypes[type].word),
		cell: ({ type, how }) =>
			type === null ? <State tone="calm" icon="group" word={stackWords[how]} /> : <TemplateTypeState type={type} />,
	},
	{ id: "how", label: "How", text: ({ how }) => hows[how], cell: ({ how }) => hows[how] },
];

/** What needs this template. */
export function Uses({ template }: { template: Template }) {
	const api = useApi();
	const [wish, setWish] = useState<{ page?: number; page_size?: number }>({});
	const list = usePagedList(
		"templates",
		wish,
		(query, signal) => api.config.listTemplateUses({ params: { id: template.id }, query }, { signal }),
		{ key: [template.id, "uses"], shows: ["stacks"] },
	);
	return (
		<DataTable
			name="uses of a template"
			noun="use"
			columns={columns}
			rowId={({ id, how }) => `${id} ${how}`}
			rowName={({ name }) => name}
			source={list}
			onPage={setWish}
			empty={
				<Empty title="Nothing needs it">
					Templates that include this one by its name or link to it, and stacks that use it, stand here: they keep it
					from being deleted.
				</Empty>
			}
		/>
	);
}
