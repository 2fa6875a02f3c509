import { Button, Textarea, TextInput } from "@mantine/core";
import { NewStack, type Stack, StackState } from "@netconductor/contracts/config/stacks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Empty, NothingMatches } from "../../ui/empty.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { Icon } from "../../ui/icon.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { Page } from "../../ui/page.tsx";
import { Choices } from "../../ui/table/choice.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { Filters } from "../../ui/table/filters.tsx";
import { valuesOf } from "../../ui/table/list-search.ts";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { toastDone } from "../../ui/toast.tsx";
import { columnsOf } from "./columns.tsx";
import { stackLooks } from "./looks.tsx";

export const route = createLazyRoute("/signed-in/framed/stacks")({ component: StacksPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/stacks");

function StacksPage() {
	const api = useApi();
	const permitted = usePermitted();
	const navigate = useNavigate();
	const search = useSearch();
	const form = useDrawer();
	const mayWrite = permitted("stacks:write");
	const mayReadRuns = permitted("runs:read");
	const columns = useMemo(() => columnsOf(mayReadRuns), [mayReadRuns]);
	const list = usePagedList(
		"stacks",
		search,
		(query, signal) =>
			api.config.listStacks({ query: { ...query, state: valuesOf<StackState>(query.state) } }, { signal }),
		{ shows: ["templates"] },
	);
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	const nothing = list.paging?.total === 0 && search.state === undefined && search.q === undefined;
	const add = mayWrite && (
		<Button leftSection={<Icon name="plus" size={14} />} onClick={form.open}>
			Add stack
		</Button>
	);
	return (
		<Page
			title="Service stacks"
			actions={
				!nothing && (
					<>
						<ButtonLink to="/service-instances" variant="default">
							Instances
						</ButtonLink>
						<ButtonLink to="/stack-templates" variant="default">
							Templates
						</ButtonLink>
						{add}
					</>
				)
			}
		>
			{nothing ? (
				<section className="nc-panel" aria-label="No service stacks yet">
					<Empty
						title="No service stacks yet"
						actions={
							<>
								{add}
								<ButtonLink to="/stack-templates" variant="default">
									Stack templates
								</ButtonLink>
							</>
						}
					>
						A service stack puts templates on devices, in order: what a site, a customer or a feature needs, deployed,
						checked and removed as one. Write a template first, then add a stack that uses it.{" "}
						{!mayWrite && "Somebody whose role may add stacks has to do that first."}
					</Empty>
				</section>
			) : (
				<DataTable
					name="service stacks"
					noun="stack"
					columns={columns}
					rowId={({ id }) => id}
					rowName={({ name }) => name}
					source={list}
					sort={search.sort ?? "name"}
					onSort={(sort) => show({ sort: sort as typeof search.sort })}
					onPage={show}
					tone={({ state }) => (state === "failed" ? "bad" : undefined)}
					filters={
						<Filters
							set={search.state === undefined ? 0 : 1}
							search={
								<SearchField
									label="Search stacks"
									placeholder="Name, description…"
									q={search.q}
									onSearch={(q) => show({ q })}
								/>
							}
						>
							<Choices
								label="State"
								any="Any state"
								options={StackState.options.map((value) => ({ value, label: stackLooks[value].word }))}
								value={valuesOf<StackState>(search.state)}
								onChange={(chosen) => show({ state: chosen?.join(",") })}
							/>
						</Filters>
					}
					empty={
						<NothingMatches title="No stack matches" onShowAll={() => void navigate({ search: {}, replace: true })} />
					}
				/>
			)}
			{mayWrite && (
				<AddStack
					key={form.key}
					opened={form.opened}
					onClose={form.close}
					onAdded={({ id }) => void navigate({ to: "/stacks/$id", params: { id }, search: { tab: "edit" } })}
				/>
			)}
		</Page>
	);
}

/** A stack begins with its name; what it consists of is filled in on its page. */
function AddStack({
	opened,
	onClose,
	onAdded,
}: {
	opened: boolean;
	onClose: () => void;
	onAdded: (stack: Stack) => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const form = useContractForm({
		initial: { name: "", description: "" },
		schema: NewStack,
		toBody: ({ name, description }) => ({ name: name.trim(), description }),
		send: (body) => api.config.createStack({ body }),
		about: { "stacks.name_taken": "name" },
		onDone: (stack) => {
			queries.setQueryData(["stacks", "one", stack.id], stack);
			void queries.invalidateQueries({ queryKey: ["stacks", "list"] });
			toastDone(`The stack ${visibleLine(stack.name)} is added`);
			onClose();
			onAdded(stack);
		},
	});
	return (
		<FormDrawer opened={opened} onClose={onClose} title="Add a service stack" action="Add stack" form={form}>
			<TextInput
				label="Name"
				description="What it brings to devices: a site, a customer, a feature"
				required
				maxLength={100}
				autoComplete="off"
				data-autofocus
				{...form.field("name")}
			/>
			<Textarea label="Description" autosize minRows={2} maxRows={6} maxLength={2000} {...form.field("description")} />
			<span className="nc-small nc-dim">Its services, devices and variables come next.</span>
		</FormDrawer>
	);
}
