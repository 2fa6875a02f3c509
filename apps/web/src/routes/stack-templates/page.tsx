import { Button, Textarea, TextInput } from "@mantine/core";
import {
	NewStackTemplate,
	type StackTemplate,
	type StackTemplateSummary,
} from "@netconductor/contracts/config/stack-templates";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Empty, NothingMatches } from "../../ui/empty.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { Icon } from "../../ui/icon.tsx";
import { ButtonLink, TextLink } from "../../ui/link.tsx";
import { Page } from "../../ui/page.tsx";
import { State } from "../../ui/state.tsx";
import type { Column } from "../../ui/table/column.ts";
import { DataTable } from "../../ui/table/data-table.tsx";
import { changedColumn, descriptionColumn } from "../../ui/table/definition-columns.tsx";
import { Filters } from "../../ui/table/filters.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { toastDone } from "../../ui/toast.tsx";

export const route = createLazyRoute("/signed-in/framed/stack-templates")({ component: StackTemplatesPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/stack-templates");

const columns: Column<StackTemplateSummary>[] = [
	{
		id: "name",
		label: "Name",
		sort: "name",
		text: ({ name }) => name,
		cell: ({ id, name }) => (
			<TextLink to="/stack-templates/$id" params={{ id }} fw={550} size="sm">
				{visibleLine(name)}
			</TextLink>
		),
	},
	{
		id: "parameters",
		label: "Parameters",
		number: true,
		width: 110,
		text: ({ parameters_count }) => String(parameters_count),
		cell: ({ parameters_count }) => parameters_count,
	},
	{
		id: "stacks",
		label: "Stacks",
		width: 210,
		text: ({ stacks, outdated_stacks }) => `${stacks}, ${outdated_stacks} of an older version`,
		cell: ({ stacks, outdated_stacks }) =>
			outdated_stacks > 0 ? (
				<State tone="warn" icon="edit" word={`${outdated_stacks} of ${stacks} are older`} />
			) : (
				<span className="nc-dim">{stacks === 0 ? "none" : stacks}</span>
			),
	},
	{
		id: "version",
		label: "Version",
		number: true,
		width: 90,
		from: "medium",
		text: ({ version }) => String(version),
		cell: ({ version }) => version,
	},
	descriptionColumn(),
	changedColumn({ width: 130, from: "medium" }),
];

function StackTemplatesPage() {
	const api = useApi();
	const mayWrite = usePermitted()("stacks:write");
	const navigate = useNavigate();
	const search = useSearch();
	const form = useDrawer();
	const list = usePagedList("stacks", search, (query, signal) => api.config.listStackTemplates({ query }, { signal }), {
		key: ["templates"],
	});
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	const nothing = list.paging?.total === 0 && search.q === undefined;
	const add = mayWrite && (
		<Button leftSection={<Icon name="plus" size={14} />} onClick={form.open}>
			Add stack template
		</Button>
	);
	return (
		<Page
			title="Stack templates"
			actions={
				<>
					<ButtonLink to="/stacks" variant="default">
						Service stacks
					</ButtonLink>
					{!nothing && add}
				</>
			}
		>
			{nothing ? (
				<section className="nc-panel" aria-label="No stack templates yet">
					<Empty title="No stack templates yet" actions={add}>
						A stack template is a service stack with parameters: one definition for many sites or customers. Each stack
						that is made from it has values of its own, and can be brought to a newer version of the template.{" "}
						{!mayWrite && "Somebody whose role may add stacks has to add the first one."}
					</Empty>
				</section>
			) : (
				<DataTable
					name="stack templates"
					noun="stack template"
					columns={columns}
					rowId={({ id }) => id}
					rowName={({ name }) => name}
					source={list}
					sort={search.sort ?? "name"}
					onSort={(sort) => show({ sort: sort as typeof search.sort })}
					onPage={show}
					filters={
						<Filters
							set={0}
							search={
								<SearchField
									label="Search stack templates"
									placeholder="Name, description…"
									q={search.q}
									onSearch={(q) => show({ q })}
								/>
							}
						/>
					}
					empty={
						<NothingMatches
							title="No stack template matches"
							onShowAll={() => void navigate({ search: {}, replace: true })}
						/>
					}
				/>
			)}
			{mayWrite && (
				<AddTemplate
					key={form.key}
					opened={form.opened}
					onClose={form.close}
					onAdded={({ id }) => void navigate({ to: "/stack-templates/$id", params: { id }, search: { tab: "edit" } })}
				/>
			)}
		</Page>
	);
}

function AddTemplate({
	opened,
	onClose,
	onAdded,
}: {
	opened: boolean;
	onClose: () => void;
	onAdded: (template: StackTemplate) => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const form = useContractForm({
		initial: { name: "", description: "" },
		schema: NewStackTemplate,
		toBody: ({ name, description }) => ({ name: name.trim(), description }),
		send: (body) => api.config.createStackTemplate({ body }),
		about: { "stack_templates.name_taken": "name" },
		onDone: (template) => {
			queries.setQueryData(["stacks", "template", template.id], template);
			void queries.invalidateQueries({ queryKey: ["stacks", "list"] });
			toastDone(`The stack template ${visibleLine(template.name)} is added`);
			onClose();
			onAdded(template);
		},
	});
	return (
		<FormDrawer opened={opened} onClose={onClose} title="Add a stack template" action="Add stack template" form={form}>
			<TextInput
				label="Name"
				description="What stacks are made of: a site, a customer, a feature"
				required
				maxLength={100}
				autoComplete="off"
				data-autofocus
				{...form.field("name")}
			/>
			<Textarea label="Description" autosize minRows={2} maxRows={6} maxLength={2000} {...form.field("description")} />
			<span className="nc-small nc-dim">Its parameters, services and checks come next.</span>
		</FormDrawer>
	);
}
