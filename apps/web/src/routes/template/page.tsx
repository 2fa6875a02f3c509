import { Button, Menu, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { Template } from "@netconductor/contracts/config/templates";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQuery } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { FactLine, InlineFact } from "../../ui/fact.tsx";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { Icon } from "../../ui/icon.tsx";
import { TextLink } from "../../ui/link.tsx";
import { MoreActions } from "../../ui/more-actions.tsx";
import { Page } from "../../ui/page.tsx";
import { PageOfOne } from "../../ui/page-of-one.tsx";
import { PageTabs } from "../../ui/page-tabs.tsx";
import { toastProblem } from "../../ui/toast.tsx";
import { TemplateForm } from "../templates/template-form.tsx";
import { TemplateTypeState } from "../templates/template-type.tsx";
import { Edit } from "./edit.tsx";
import { useDraft } from "./use-draft.ts";
import { Uses } from "./uses.tsx";
import type { Values } from "./values.ts";
import { Versions } from "./versions.tsx";

export const route = createLazyRoute("/signed-in/framed/templates/$id")({ component: TemplatePage });
const { useParams, useSearch, useNavigate } = getRouteApi("/signed-in/framed/templates/$id");

function TemplatePage() {
	const { id } = useParams();
	const api = useApi();
	return (
		<PageOfOne
			id={id}
			title="Template"
			list={{ to: "/templates", label: "All templates" }}
			queryKey={["templates", "one", id]}
			read={(signal) => api.config.getTemplate({ params: { id } }, { signal })}
		>
			{(template, onDeleted) => <OpenTemplate key={template.id} template={template} onDeleted={onDeleted} />}
		</PageOfOne>
	);
}

function OpenTemplate({ template, onDeleted }: { template: Template; onDeleted: () => void }) {
	const { id, name } = template;
	const api = useApi();
	const search = useSearch();
	const navigate = useNavigate();
	const mayWrite = usePermitted()("templates:write");
	const handle = useDraft(template);
	const [values, setValues] = useState<Values>({});
	const details = useDrawer();
	const copy = useDrawer();
	const [deleting, askDelete] = useDisclosure();
	const remove = useMutation({
		mutationFn: () => api.config.deleteTemplate({ params: { id } }),
		onSuccess: onDeleted,
		onError: (error) => {
			askDelete.close();
			toastProblem(error);
		},
	});
	const change = (to: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, ...to }), replace: true });
	return (
		<Page
			title={name}
			beside={<TemplateTypeState type={template.type} />}
			actions={
				mayWrite && (
					<>
						<Button variant="default" leftSection={<Icon name="edit" size={14} />} onClick={details.open}>
							Edit details
						</Button>
						<MoreActions>
							<Menu.Item leftSection={<Icon name="copy" size={14} />} onClick={copy.open}>
								Duplicate
							</Menu.Item>
							<Menu.Item color="red" leftSection={<Icon name="trash" size={14} />} onClick={askDelete.open}>
								Delete
							</Menu.Item>
						</MoreActions>
					</>
				)
			}
		>
			<Details template={template} />
			<PageTabs
				label={`Parts of ${visibleLine(name)}`}
				tab={search.tab}
				onTab={(tab) => change({ tab: tab === "edit" ? undefined : tab })}
				tabs={[
					{
						value: "edit",
						label: mayWrite ? "Edit" : "Source",
						content: () => (
							<Edit
								template={template}
								handle={handle}
								mayWrite={mayWrite}
								values={values}
								onValues={setValues}
								device={search.device}
								onDevice={(device) => change({ device })}
								onVersions={(versions) => change({ tab: "versions", versions })}
							/>
						),
					},
					{
						value: "versions",
						label: "Versions",
						content: () => (
							<Versions
								template={template}
								mayWrite={mayWrite}
								chosen={search.versions}
								onChoose={(versions) => change({ versions })}
								onRestored={() => change({ tab: undefined, versions: undefined })}
							/>
						),
					},
					{ value: "uses", label: "Used by", content: () => <Uses template={template} /> },
				]}
			/>
			{mayWrite && (
				<>
					<TemplateForm
						key={`details ${details.key}`}
						template={template}
						opened={details.opened}
						onClose={details.close}
						onSaved={() => {}}
					/>
					<TemplateForm
						key={`copy ${copy.key}`}
						from={template}
						opened={copy.opened}
						onClose={copy.close}
						onSaved={(made) => void navigate({ to: "/templates/$id", params: { id: made.id } })}
					/>
				</>
			)}
			<Confirm
				opened={deleting}
				title={`Delete ${visibleLine(name)}?`}
				action="Delete the template"
				busy={remove.isPending}
				onConfirm={() => remove.mutate()}
				onClose={askDelete.close}
			>
				<Text size="sm">It goes with all its versions. It stays when another template includes it or links to it.</Text>
			</Confirm>
		</Page>
	);
}

/** What stands around the source. */
function Details({ template }: { template: Template }) {
	const { description, platforms, tags, validation_template_id, delete_template_id } = template;
	return (
		<FactLine>
			{description !== "" && <InlineFact name="Description">{visibleLine(description)}</InlineFact>}
			<InlineFact name="For">{platforms.length === 0 ? "any device" : visibleLine(platforms.join(", "))}</InlineFact>
			{tags.length > 0 && <InlineFact name="Tags">{visibleLine(tags.join(", "))}</InlineFact>}
			{validation_template_id !== null && (
				<InlineFact name="Validation">
					<LinkedTemplate id={validation_template_id} />
				</InlineFact>
			)}
			{delete_template_id !== null && (
				<InlineFact name="Delete">
					<LinkedTemplate id={delete_template_id} />
				</InlineFact>
			)}
		</FactLine>
	);
}

function LinkedTemplate({ id }: { id: string }) {
	const api = useApi();
	const { data } = useQuery({
		queryKey: ["templates", "one", id],
		queryFn: ({ signal }) => api.config.getTemplate({ params: { id } }, { signal }),
	});
	return (
		<TextLink to="/templates/$id" params={{ id }} size="sm">
			{visibleLine(data?.name ?? id)}
		</TextLink>
	);
}
