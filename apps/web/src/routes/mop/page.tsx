import { Button, Menu, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { Mop } from "@netconductor/contracts/config/mops";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
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
import { State } from "../../ui/state.tsx";
import { saveText } from "../../ui/table/csv.ts";
import { Ago } from "../../ui/time.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { count, selected } from "../../ui/words.ts";
import { MopState, mopRunLook } from "../mops/columns.tsx";
import { MopEditor } from "./editor.tsx";
import { Runs } from "./runs.tsx";
import { DryRunTab } from "./start/dry-run.tsx";
import { StartForm } from "./start/start-form.tsx";
import { useMopDraft } from "./use-draft.ts";
import { Versions } from "./versions.tsx";

export const route = createLazyRoute("/signed-in/framed/mops/$id")({ component: MopPage });
const { useParams, useSearch, useNavigate } = getRouteApi("/signed-in/framed/mops/$id");

function MopPage() {
	const { id } = useParams();
	const api = useApi();
	return (
		<PageOfOne
			id={id}
			title="Procedure"
			list={{ to: "/mops", label: "All procedures" }}
			queryKey={["mops", "one", id]}
			read={(signal) => api.config.getMop({ params: { id } }, { signal })}
			shows={["step_types"]}
		>
			{(mop, onDeleted) => <OpenMop key={mop.id} mop={mop} onDeleted={onDeleted} />}
		</PageOfOne>
	);
}

function OpenMop({ mop, onDeleted }: { mop: Mop; onDeleted: () => void }) {
	const search = useSearch();
	const navigate = useNavigate();
	const mayWrite = usePermitted()("mops:write");
	const draft = useMopDraft(mop, mop.source);
	const change = (to: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, ...to }), replace: true });
	return (
		<Page
			title={mop.name}
			beside={<MopState enabled={mop.enabled} />}
			actions={<Actions mop={mop} unsaved={draft.dirty} onDeleted={onDeleted} />}
		>
			<Details mop={mop} />
			<PageTabs
				label={`Parts of ${visibleLine(mop.name)}`}
				tab={search.tab}
				onTab={(tab) => change({ tab: tab === "edit" ? undefined : tab })}
				tabs={[
					{
						value: "edit",
						label: mayWrite ? (draft.dirty ? "Edit (not saved)" : "Edit") : "Steps",
						content: () => (
							<MopEditor
								draft={draft}
								mayWrite={mayWrite}
								view={search.view}
								onView={(view) => change({ view })}
								at={search.at}
								onAt={(at) => change({ at })}
								onVersions={(versions) => change({ tab: "versions", versions })}
							/>
						),
					},
					{ value: "dry-run", label: "Dry run", content: () => <DryRunTab mop={mop} unsaved={draft.dirty} /> },
					{ value: "runs", label: "Runs", content: () => <Runs mop={mop} /> },
					{
						value: "versions",
						label: "Versions",
						content: () => (
							<Versions
								mop={mop}
								mayWrite={mayWrite}
								chosen={search.versions}
								onChoose={(versions) => change({ versions })}
								onRestored={() => change({ tab: undefined, versions: undefined })}
							/>
						),
					},
				]}
			/>
		</Page>
	);
}

/** What stands around the steps. */
function Details({ mop }: { mop: Mop }) {
	const mayReadRuns = usePermitted()("runs:read");
	const { description, tags, document, steps, writes, last_run_id, last_run_status, last_run_at } = mop;
	return (
		<FactLine>
			{description !== "" && <InlineFact name="Description">{visibleLine(description)}</InlineFact>}
			<InlineFact name="Does">
				{count(steps, "step")}, {writes ? "changes" : "reads only"}
			</InlineFact>
			<InlineFact name="Devices">
				{document.targets === undefined ? "chosen at the start" : visibleLine(selected(document.targets))}
			</InlineFact>
			{tags.length > 0 && <InlineFact name="Tags">{visibleLine(tags.join(", "))}</InlineFact>}
			<InlineFact name="Last run">
				{last_run_status === null || last_run_id === null ? (
					"never"
				) : (
					<>
						<State {...mopRunLook(last_run_status)} />{" "}
						{last_run_at !== null &&
							(mayReadRuns ? (
								<TextLink to="/runs/$id" params={{ id: last_run_id }} size="sm">
									<Ago at={last_run_at} />
								</TextLink>
							) : (
								<Ago at={last_run_at} />
							))}
					</>
				)}
			</InlineFact>
			{mop.warnings.length > 0 && (
				<InlineFact name="Warnings">
					<State tone="warn" icon="warning" word={count(mop.warnings.length, "warning")} />
				</InlineFact>
			)}
		</FactLine>
	);
}

function Actions({ mop, unsaved, onDeleted }: { mop: Mop; unsaved: boolean; onDeleted: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const navigate = useNavigate();
	const permitted = usePermitted();
	const form = useDrawer();
	const [deleting, askDelete] = useDisclosure();
	const { id, name, enabled } = mop;
	const mayWrite = permitted("mops:write");
	const mayStart = permitted("mops:execute");
	const toggle = useMutation({
		mutationFn: () => api.config.toggleMop({ params: { id }, body: { enabled: !enabled } }),
		onSuccess: (saved) => {
			queries.setQueryData(["mops", "one", id], saved);
			void queries.invalidateQueries({ queryKey: ["mops"] });
			toastDone(`${visibleLine(name)} is ${saved.enabled ? "enabled" : "not enabled any more"}`);
		},
		onError: toastProblem,
	});
	const remove = useMutation({
		mutationFn: () => api.config.deleteMop({ params: { id } }),
		onSuccess: onDeleted,
		onError: (error) => {
			askDelete.close();
			toastProblem(error);
		},
	});
	return (
		<>
			{mayStart && (
				<Button
					disabled={!enabled}
					title={enabled ? undefined : "It is not enabled"}
					leftSection={<Icon name="run" size={14} />}
					onClick={form.open}
				>
					Start
				</Button>
			)}
			<MoreActions>
				<Menu.Item
					leftSection={<Icon name="download" size={14} />}
					onClick={() => saveText(fileName(name), mop.source, "application/yaml")}
				>
					Download the YAML
				</Menu.Item>
				{mayWrite && (
					<>
						<Menu.Item leftSection={<Icon name={enabled ? "stop" : "ok"} size={14} />} onClick={() => toggle.mutate()}>
							{enabled ? "Disable" : "Enable"}
						</Menu.Item>
						<Menu.Item
							leftSection={<Icon name="copy" size={14} />}
							onClick={() => void navigate({ to: "/mops/new", search: { from: id } })}
						>
							Duplicate
						</Menu.Item>
						<Menu.Item color="red" leftSection={<Icon name="trash" size={14} />} onClick={askDelete.open}>
							Delete
						</Menu.Item>
					</>
				)}
			</MoreActions>
			{mayStart && (
				<StartForm
					key={form.key}
					mop={mop}
					unsaved={unsaved}
					opened={form.opened}
					onClose={form.close}
					onStarted={(run_id) => void navigate({ to: "/runs/$id", params: { id: run_id } })}
				/>
			)}
			<Confirm
				opened={deleting}
				title={`Delete ${visibleLine(name)}?`}
				action="Delete the procedure"
				busy={remove.isPending}
				onConfirm={() => remove.mutate()}
				onClose={askDelete.close}
			>
				<Text size="sm">
					It goes with all its versions; its runs stay in the history. It stays when another procedure runs it.
				</Text>
			</Confirm>
		</>
	);
}

/** The name of a procedure as that of a file. */
function fileName(name: string): string {
	const plain = name
		.toLowerCase()
		.replace(/[^\p{L}\p{N}]+/gu, "-")
		.replace(/^-|-$/g, "");
	return `${plain || "procedure"}.yaml`;
}
