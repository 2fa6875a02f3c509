import { Button, Drawer } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { MopStepType } from "@netconductor/contracts/config/mops";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Empty } from "../../ui/empty.tsx";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { Icon } from "../../ui/icon.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Page } from "../../ui/page.tsx";
import { State } from "../../ui/state.tsx";
import { TruthChoice } from "../../ui/table/choice.tsx";
import type { Column } from "../../ui/table/column.ts";
import { DataTable } from "../../ui/table/data-table.tsx";
import { descriptionColumn } from "../../ui/table/definition-columns.tsx";
import { Filters } from "../../ui/table/filters.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import { categories } from "../mop/builder/words.ts";
import { StepTypeDocs } from "./docs.tsx";
import { StepTypeForm } from "./step-type-form.tsx";

export const route = createLazyRoute("/signed-in/framed/step-types")({ component: StepTypesPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/step-types");

const runsOn = { devices: "Each device", server: "Once", flow: "Other steps" } as const;

function columnsOf(onOpen: (type: string) => void): Column<MopStepType>[] {
	return [
		{
			id: "type",
			label: "Type",
			sort: "type",
			text: ({ type }) => type,
			cell: ({ type, label }) => (
				<>
					<Button variant="transparent" size="compact-sm" px={0} onClick={() => onOpen(type)}>
						<span className="nc-mono">{visibleLine(type)}</span>
					</Button>
					<div className="nc-narrow nc-small nc-dim">{visibleLine(label)}</div>
				</>
			),
		},
		{
			id: "label",
			label: "Name",
			sort: "label",
			from: "medium",
			text: ({ label }) => label,
			cell: ({ label }) => visibleLine(label),
		},
		{
			id: "category",
			label: "Kind",
			sort: "category",
			width: 120,
			from: "medium",
			text: ({ category }) => categories[category].label,
			cell: ({ category }) => <State tone="calm" icon={categories[category].icon} word={categories[category].label} />,
		},
		{
			id: "runs_on",
			label: "For",
			width: 120,
			from: "wide",
			text: ({ runs_on }) => runsOn[runs_on],
			cell: ({ runs_on }) => <span className="nc-dim">{runsOn[runs_on]}</span>,
		},
		{
			id: "writes",
			label: "Does",
			width: 120,
			text: ({ writes }) => (writes ? "changes" : "reads"),
			cell: ({ writes }) =>
				writes ? <State tone="warn" icon="edit" word="Changes" /> : <span className="nc-dim">Reads</span>,
		},
		{
			id: "origin",
			label: "Of",
			width: 150,
			from: "medium",
			text: ({ built_in }) => (built_in ? "the product" : "yours"),
			cell: ({ built_in, base, used_by }) =>
				built_in ? (
					<span className="nc-dim">the product</span>
				) : (
					<span title={`A preset of ${visibleLine(base ?? "")}`}>yours, in {count(used_by ?? 0, "procedure")}</span>
				),
		},
		descriptionColumn(),
	];
}

function StepTypesPage() {
	const api = useApi();
	const navigate = useNavigate();
	const search = useSearch();
	const form = useDrawer();
	const [editing, setEditing] = useState<MopStepType>();
	const mayWrite = usePermitted()("mops:write");
	const { type: opened, ...wish } = search;
	const list = usePagedList("step_types", wish, (query, signal) => api.config.listStepTypes({ query }, { signal }), {
		shows: ["mops"],
	});
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	const open = (type: string | undefined) =>
		void navigate({ search: (before) => ({ ...before, type }), replace: true });
	// biome-ignore lint/correctness/useExhaustiveDependencies: what opens one does the same every time
	const columns = useMemo(() => columnsOf(open), []);
	return (
		<Page
			title="Step types"
			actions={
				<>
					<ButtonLink to="/mops" variant="default">
						Procedures
					</ButtonLink>
					{mayWrite && (
						<Button
							leftSection={<Icon name="plus" size={14} />}
							onClick={() => {
								setEditing(undefined);
								form.open();
							}}
						>
							Add step type
						</Button>
					)}
				</>
			}
		>
			<DataTable
				name="step types"
				noun="step type"
				columns={columns}
				rowId={({ type }) => type}
				rowName={({ type }) => type}
				source={list}
				sort={search.sort ?? "type"}
				onSort={(sort) => show({ sort: sort as typeof search.sort })}
				onPage={show}
				filters={
					<Filters
						set={search.built_in === undefined ? 0 : 1}
						search={
							<SearchField
								label="Search step types"
								placeholder="Name, description…"
								q={search.q}
								onSearch={(q) => show({ q })}
							/>
						}
					>
						<TruthChoice
							label="Of whom"
							any="All"
							yes="Of the product"
							no="Yours"
							value={search.built_in}
							onChange={(built_in) => show({ built_in })}
						/>
					</Filters>
				}
				empty={
					<Empty title="No step type matches">
						A step type of your own is a preset of one of the product's: the same check, notification or request, with
						the few parameters that change from procedure to procedure.
					</Empty>
				}
			/>
			<Drawer
				opened={opened !== undefined}
				onClose={() => open(undefined)}
				title={opened === undefined ? "" : `Step type ${visibleLine(opened)}`}
				position="right"
				size={560}
				padding="md"
			>
				{opened !== undefined && (
					<OneType
						type={opened}
						onEdit={(type) => {
							setEditing(type);
							open(undefined);
							form.open();
						}}
						onDeleted={() => open(undefined)}
					/>
				)}
			</Drawer>
			{mayWrite && (
				<StepTypeForm
					key={form.key}
					stepType={editing}
					opened={form.opened}
					onClose={form.close}
					onSaved={({ type }) => open(type)}
				/>
			)}
		</Page>
	);
}

function OneType({
	type,
	onEdit,
	onDeleted,
}: {
	type: string;
	onEdit: (type: MopStepType) => void;
	onDeleted: () => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const mayWrite = usePermitted()("mops:write");
	const [asking, ask] = useDisclosure();
	const query = useQuery({
		queryKey: ["step_types", "one", type],
		queryFn: ({ signal }) => api.config.getStepType({ params: { id: type } }, { signal }),
		meta: { shows: ["mops"] },
	});
	const remove = useMutation({
		mutationFn: () => api.config.deleteStepType({ params: { id: type } }),
		onSuccess: () => {
			void queries.invalidateQueries({ queryKey: ["step_types", "list"] });
			void queries.invalidateQueries({ queryKey: ["step_types", "all"] });
			toastDone(`The step type ${visibleLine(type)} is deleted`);
			onDeleted();
		},
		onError: toastProblem,
		onSettled: ask.close,
	});
	return (
		<Loaded query={query}>
			{(one) => (
				<>
					<StepTypeDocs stepType={one} />
					{mayWrite && !one.built_in && (
						<div className="nc-actions">
							<Button variant="default" leftSection={<Icon name="edit" size={14} />} onClick={() => onEdit(one)}>
								Edit
							</Button>
							<Button
								variant="default"
								disabled={(one.used_by ?? 0) > 0}
								title={(one.used_by ?? 0) > 0 ? "Procedures use it" : undefined}
								leftSection={<Icon name="trash" size={14} />}
								onClick={ask.open}
							>
								Delete
							</Button>
						</div>
					)}
					<Confirm
						opened={asking}
						title={`Delete ${visibleLine(type)}?`}
						action="Delete the step type"
						busy={remove.isPending}
						onConfirm={() => remove.mutate()}
						onClose={ask.close}
					>
						No procedure can use it any more.
					</Confirm>
				</>
			)}
		</Loaded>
	);
}
