import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { StackTemplate } from "@netconductor/contracts/config/stack-templates";
import { visibleLine, visibleText } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { Icon } from "../../ui/icon.tsx";
import { Page, Panel } from "../../ui/page.tsx";
import { PageOfOne } from "../../ui/page-of-one.tsx";
import { PageTabs } from "../../ui/page-tabs.tsx";
import { Ago } from "../../ui/time.tsx";
import { toastProblem } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import { Edit } from "../stack/edit.tsx";
import { Checks, Services, Variables } from "../stack/overview.tsx";
import { rolloutWords } from "../stack/rollout-words.ts";
import { useDefinitionDraft } from "../stack/use-draft.ts";
import { bodyOf, draftOf } from "./draft.ts";
import { InstantiateForm } from "./instantiate-form.tsx";
import { showTyped } from "./parameter-values.ts";
import { ParametersPanel } from "./parameters-panel.tsx";
import { StacksOfTemplate } from "./stacks-of-template.tsx";

export const route = createLazyRoute("/signed-in/framed/stack-templates/$id")({ component: StackTemplatePage });
const { useParams, useSearch, useNavigate } = getRouteApi("/signed-in/framed/stack-templates/$id");

function StackTemplatePage() {
	const { id } = useParams();
	const api = useApi();
	return (
		<PageOfOne
			id={id}
			title="Stack template"
			list={{ to: "/stack-templates", label: "All stack templates" }}
			queryKey={["stacks", "template", id]}
			read={(signal) => api.config.getStackTemplate({ params: { id } }, { signal })}
		>
			{(template, onDeleted) => <OpenTemplate key={template.id} template={template} onDeleted={onDeleted} />}
		</PageOfOne>
	);
}

const words = {
	form: "Definition of the stack template",
	title: "Stack template",
	unsaved: "Not saved. Stacks that were made from it change only when they are upgraded.",
};

function OpenTemplate({ template, onDeleted }: { template: StackTemplate; onDeleted: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const search = useSearch();
	const navigate = useNavigate();
	const mayWrite = usePermitted()("stacks:write");
	const form = useDrawer();
	const [deleting, askDelete] = useDisclosure();
	const handle = useDefinitionDraft({
		saved: template,
		draftOf,
		bodyOf,
		send: (body, version) =>
			api.config.updateStackTemplate({ params: { id: template.id }, body: { ...body, version } }),
		onSaved: (saved) => queries.setQueryData(["stacks", "template", saved.id], saved),
	});
	const remove = useMutation({
		mutationFn: () => api.config.deleteStackTemplate({ params: { id: template.id } }),
		onSuccess: onDeleted,
		onError: toastProblem,
		onSettled: askDelete.close,
	});
	const places = handle.draft.parameters.flatMap(({ name }) => (name === "" ? [] : [`\${${name}}`]));
	return (
		<Page
			title={template.name}
			actions={
				mayWrite && (
					<>
						<Button variant="default" leftSection={<Icon name="trash" size={14} />} onClick={askDelete.open}>
							Delete
						</Button>
						<Button onClick={form.open} disabled={handle.dirty} title={handle.dirty ? "Save it first" : undefined}>
							Make a stack
						</Button>
					</>
				)
			}
		>
			<PageTabs
				label={`Parts of ${visibleLine(template.name)}`}
				tab={search.tab}
				onTab={(tab) => void navigate({ search: tab === "overview" ? {} : { tab }, replace: true })}
				tabs={[
					{ value: "overview", label: "Overview", content: () => <Overview template={template} /> },
					{
						value: "edit",
						label: handle.dirty ? "Edit (not saved)" : "Edit",
						shown: mayWrite,
						content: () => (
							<Edit saved={template} handle={handle} words={words} perDevice={false} places={places}>
								<ParametersPanel
									parameters={handle.draft.parameters}
									faults={handle.faults}
									onParameters={(parameters) => handle.change({ parameters })}
								/>
							</Edit>
						),
					},
					{
						value: "stacks",
						label: `Stacks (${template.stacks})`,
						content: () => (
							<StacksOfTemplate
								template={template}
								wish={search}
								onWish={(change) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true })}
							/>
						),
					},
				]}
			/>
			{mayWrite && (
				<InstantiateForm
					key={form.key}
					template={template}
					opened={form.opened}
					onClose={form.close}
					onMade={({ id }) => void navigate({ to: "/stacks/$id", params: { id } })}
				/>
			)}
			<Confirm
				opened={deleting}
				title={`Delete ${visibleLine(template.name)}?`}
				action="Delete the stack template"
				busy={remove.isPending}
				onConfirm={() => remove.mutate()}
				onClose={askDelete.close}
			>
				{template.stacks === 0
					? "No stack was made from it."
					: `${count(template.stacks, "stack")} made from it stay as they are, and cannot be upgraded any more.`}
			</Confirm>
		</Page>
	);
}

function Overview({ template }: { template: StackTemplate }) {
	const { description, version, updated_at, updated_by, rollout, services } = template;
	return (
		<div className="nc-columns">
			<div>
				<Panel title="Stack template">
					<dl className="nc-facts nc-panel-body">
						{description !== "" && (
							<>
								<dt>Description</dt>
								<dd style={{ whiteSpace: "pre-wrap" }}>{visibleText(description)}</dd>
							</>
						)}
						<dt>Definition</dt>
						<dd>
							Version {version}, changed <Ago at={updated_at} /> by {visibleLine(updated_by)}
						</dd>
						<dt>Stacks</dt>
						<dd>
							{template.stacks === 0 ? "None was made from it yet" : count(template.stacks, "stack")}
							{template.outdated_stacks > 0 && (
								<div className="nc-warn">{template.outdated_stacks} of an older version: upgrade them.</div>
							)}
						</dd>
						<dt>Rollout</dt>
						<dd>{rolloutWords(rollout)}</dd>
					</dl>
				</Panel>
			</div>
			<div>
				<Parameters template={template} />
				<Services services={services} />
				<Variables stack={{ ...template, device_variables: {} }} />
				<Checks
					title="Checks before the change"
					checks={template.pre_checks}
					state_checks={template.pre_state_checks}
				/>
				<Checks title="Checks after the change" checks={template.checks} state_checks={template.state_checks} />
			</div>
		</div>
	);
}

function Parameters({ template: { parameters } }: { template: StackTemplate }) {
	return (
		<Panel title="Parameters">
			{parameters.length === 0 ? (
				<p className="nc-panel-body nc-dim">It has no parameters yet: every stack that is made from it is the same.</p>
			) : (
				<div className="nc-scroll">
					<table className="nc-table" aria-label="Parameters">
						<thead>
							<tr>
								<th scope="col">Name</th>
								<th scope="col">Type</th>
								<th scope="col">Default</th>
								<th scope="col" className="nc-medium">
									Description
								</th>
							</tr>
						</thead>
						<tbody>
							{parameters.map(({ name, type, default: preset, required, description }) => (
								<tr key={name}>
									<td className="nc-mono nc-break">{visibleLine(name)}</td>
									<td>{type}</td>
									<td className="nc-mono nc-break">
										{preset == null ? (
											<span className="nc-dim">{required ? "needed" : "none"}</span>
										) : (
											visibleLine([showTyped(type, preset)].flat().join(", "))
										)}
									</td>
									<td className="nc-medium nc-break nc-dim">{visibleLine(description)}</td>
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
		</Panel>
	);
}
