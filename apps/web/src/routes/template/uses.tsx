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
};

const columns: Column<TemplateUse>[] = [
	{
		id: "name",
		label: "Name",
		text: ({ name }) => name,
		cell: ({ id, name, type }) => (
			<TextLink to={type === null ? "/stacks/$id" : "/templates/$id"} params={{ id }} fw={550} size="sm">
				{visibleLine(name)}
			</TextLink>
		),
	},
	{
		id: "type",
		label: "Type",
		width: 120,
		text: ({ type }) => (type === null ? "Stack" : templateTypes[type].word),
		cell: ({ type }) =>
			type === null ? <State tone="calm" icon="group" word="Stack" /> : <TemplateTypeState type={type} />,
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
