import { Button, TagsInput, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { TemplateType } from "@netconductor/contracts/config/templates";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Empty, NothingMatches } from "../../ui/empty.tsx";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { Icon } from "../../ui/icon.tsx";
import { Page } from "../../ui/page.tsx";
import { Choice, Choices } from "../../ui/table/choice.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { Filters } from "../../ui/table/filters.tsx";
import { valuesOf } from "../../ui/table/list-search.ts";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { type Selection, useSelection } from "../../ui/table/selection.ts";
import { useRowNames } from "../../ui/table/use-row-names.ts";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import { columns } from "./columns.tsx";
import { TemplateForm } from "./template-form.tsx";
import { templateTypes } from "./template-type.tsx";

export const route = createLazyRoute("/signed-in/framed/templates")({ component: TemplatesPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/templates");

const mostTypes = 500;
const mostNames = 8;

function TemplatesPage() {
	const api = useApi();
	const permitted = usePermitted();
	const navigate = useNavigate();
	const search = useSearch();
	const selection = useSelection();
	const form = useDrawer();
	const mayWrite = permitted("templates:write");
	const { tag, type, ...rest } = search;
	const list = usePagedList("templates", search, (query, signal) =>
		api.config.listTemplates(
			{ query: { ...query, type: valuesOf(query.type) as never, tag: valuesOf(query.tag) } },
			{ signal },
		),
	);
	const { source, names } = useRowNames(list);
	const types = useQuery({
		queryKey: ["device_types", "all"],
		queryFn: ({ signal }) => api.devices.listDeviceTypes({ query: { page_size: mostTypes } }, { signal }),
		enabled: permitted("devices:read"),
	}).data?.items;
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	const set = [type, tag, rest.platform].filter((one) => one !== undefined).length;
	const nothing = list.paging?.total === 0 && set === 0 && search.q === undefined;
	const add = mayWrite && (
		<Button leftSection={<Icon name="plus" size={14} />} onClick={form.open}>
			Add template
		</Button>
	);
	return (
		<Page title="Templates" actions={!nothing && add}>
			{nothing ? (
				<section className="nc-panel" aria-label="No templates yet">
					<Empty title="No templates yet" actions={add}>
						A template is text of a configuration with Jinja2 in it: write once what a site, a neighbour or a VLAN looks
						like, and render it for every device.{" "}
						{!mayWrite && "Somebody whose role may add templates has to do that first."}
					</Empty>
				</section>
			) : (
				<DataTable
					name="templates"
					noun="template"
					columns={columns}
					rowId={({ id }) => id}
					rowName={({ name }) => name}
					source={source}
					sort={search.sort ?? "name"}
					onSort={(sort) => show({ sort: sort as typeof search.sort })}
					onPage={show}
					filters={
						<Filters
							set={set}
							search={
								<SearchField
									label="Search templates"
									placeholder="Name, description…"
									q={search.q}
									onSearch={(q) => show({ q })}
								/>
							}
						>
							<Choices
								label="Type"
								any="Any type"
								options={TemplateType.options.map((value) => ({ value, label: templateTypes[value].word }))}
								value={valuesOf<TemplateType>(type)}
								onChange={(chosen) => show({ type: chosen?.join(",") })}
							/>
							<Choice
								label="Device type"
								any="For any device type"
								options={(types ?? []).map(({ id, label }) => ({ value: id, label: visibleLine(label) }))}
								value={rest.platform}
								onChange={(platform) => show({ platform })}
								width={190}
							/>
							<TagsInput
								aria-label="Tags"
								placeholder={tag === undefined ? "Any tags" : ""}
								size="xs"
								miw={130}
								maw={300}
								value={valuesOf(tag)}
								onChange={(tags) => show({ tag: tags.join(",") || undefined })}
							/>
						</Filters>
					}
					selection={mayWrite ? selection : undefined}
					bulk={<DeleteChosen selection={selection} names={names} />}
					empty={
						<NothingMatches
							title="No template matches"
							onShowAll={() => void navigate({ search: {}, replace: true })}
						/>
					}
				/>
			)}
			{mayWrite && (
				<TemplateForm
					key={form.key}
					opened={form.opened}
					onClose={form.close}
					onSaved={({ id }) => void navigate({ to: "/templates/$id", params: { id } })}
				/>
			)}
		</Page>
	);
}

function DeleteChosen({ selection, names }: { selection: Selection; names: ReadonlyMap<string, string> }) {
	const api = useApi();
	const queries = useQueryClient();
	const [asking, ask] = useDisclosure();
	const ids = [...selection.ids];
	const remove = useMutation({
		mutationFn: () => api.config.deleteTemplates({ body: { ids } }),
		onSuccess: ({ deleted }) => {
			void queries.invalidateQueries({ queryKey: ["templates"] });
			toastDone(`${count(deleted, "template")} deleted`);
			selection.clear();
		},
		onError: toastProblem,
		onSettled: ask.close,
	});
	const known = ids.flatMap((id) => names.get(id) ?? []).toSorted();
	const more = ids.length - Math.min(known.length, mostNames);
	return (
		<>
			<Button
				variant="default"
				disabled={ids.length === 0}
				leftSection={<Icon name="trash" size={14} />}
				onClick={ask.open}
			>
				Delete
			</Button>
			<Confirm
				opened={asking}
				title={`Delete ${count(ids.length, "template")}?`}
				action={`Delete ${count(ids.length, "template")}`}
				busy={remove.isPending}
				onConfirm={() => remove.mutate()}
				onClose={ask.close}
			>
				<div className="nc-break">
					{known.slice(0, mostNames).map(visibleLine).join(", ")}
					{more > 0 && ` and ${count(more, "more template")}`}.
				</div>
				<Text size="sm" mt="xs">
					They go with all their versions. When others that stay include or link to one of them, none is deleted.
				</Text>
			</Confirm>
		</>
	);
}
