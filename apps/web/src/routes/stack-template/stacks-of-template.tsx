import type { StackTemplate } from "@netconductor/contracts/config/stack-templates";
import type { StackSummary } from "@netconductor/contracts/config/stacks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useApi } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { TextLink } from "../../ui/link.tsx";
import { State } from "../../ui/state.tsx";
import type { Column } from "../../ui/table/column.ts";
import { DataTable } from "../../ui/table/data-table.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { StackState, stackLooks } from "../stacks/looks.tsx";

const columns: Column<StackSummary>[] = [
	{
		id: "name",
		label: "Name",
		text: ({ name }) => name,
		cell: ({ id, name }) => (
			<TextLink to="/stacks/$id" params={{ id }} fw={550} size="sm">
				{visibleLine(name)}
			</TextLink>
		),
	},
	{
		id: "state",
		label: "State",
		width: 145,
		text: ({ state }) => stackLooks[state].word,
		cell: ({ state }) => <StackState state={state} />,
	},
	{
		id: "made_from",
		label: "Made from",
		width: 190,
		text: ({ made_from }) => `version ${made_from?.version}`,
		cell: ({ made_from }) =>
			made_from !== null && made_from.version < made_from.newest_version ? (
				<State tone="warn" icon="edit" word={`version ${made_from.version}: upgrade it`} />
			) : (
				<span className="nc-dim">version {made_from?.version}</span>
			),
	},
];

/** Stacks that were made from the template. */
export function StacksOfTemplate({
	template,
	wish: { page, page_size },
	onWish,
}: {
	template: StackTemplate;
	wish: { page?: number | undefined; page_size?: number | undefined };
	onWish: (change: { page: number; page_size: number }) => void;
}) {
	const api = useApi();
	const list = usePagedList(
		"stacks",
		{ page, page_size, made_from: template.id },
		(query, signal) => api.config.listStacks({ query }, { signal }),
		{ shows: ["templates"] },
	);
	return (
		<DataTable
			name="stacks of the template"
			noun="stack"
			columns={columns}
			rowId={({ id }) => id}
			rowName={({ name }) => name}
			source={list}
			onPage={onWish}
			empty={<Empty title="No stack was made from it yet">“Make a stack” fills in its parameters.</Empty>}
		/>
	);
}
