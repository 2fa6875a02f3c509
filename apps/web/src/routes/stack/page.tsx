import { Button, Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { Stack } from "@netconductor/contracts/config/stacks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { Icon } from "../../ui/icon.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { MoreActions } from "../../ui/more-actions.tsx";
import { Page } from "../../ui/page.tsx";
import { PageOfOne } from "../../ui/page-of-one.tsx";
import { PageTabs } from "../../ui/page-tabs.tsx";
import { toastProblem } from "../../ui/toast.tsx";
import { InstanceTable } from "../service-instances/instance-table.tsx";
import { PendingChanges, StackState } from "../stacks/looks.tsx";
import { Drift } from "./drift.tsx";
import { Edit } from "./edit.tsx";
import { Overview } from "./overview.tsx";
import { Rendered } from "./rendered.tsx";
import { Runs } from "./runs.tsx";
import { type StartAction, StartForm } from "./start-form.tsx";
import { useStackDraft } from "./use-draft.ts";

export const route = createLazyRoute("/signed-in/framed/stacks/$id")({ component: StackPage });
const { useParams, useSearch, useNavigate } = getRouteApi("/signed-in/framed/stacks/$id");

function StackPage() {
	const { id } = useParams();
	const api = useApi();
	return (
		<PageOfOne
			id={id}
			title="Stack"
			list={{ to: "/stacks", label: "All stacks" }}
			queryKey={["stacks", "one", id]}
			read={(signal) => api.config.getStack({ params: { id } }, { signal })}
			shows={["templates"]}
		>
			{(stack, onDeleted) => <OpenStack key={stack.id} stack={stack} onDeleted={onDeleted} />}
		</PageOfOne>
	);
}

function OpenStack({ stack, onDeleted }: { stack: Stack; onDeleted: () => void }) {
	const search = useSearch();
	const navigate = useNavigate();
	const permitted = usePermitted();
	const handle = useStackDraft(stack);
	const mayWrite = permitted("stacks:write");
	return (
		<Page
			title={stack.name}
			beside={
				<>
					<StackState state={stack.state} />
					<PendingChanges stack={stack} />
				</>
			}
			actions={<Actions stack={stack} unsaved={handle.dirty} onDeleted={onDeleted} />}
		>
			<PageTabs
				label={`Parts of ${visibleLine(stack.name)}`}
				tab={search.tab}
				onTab={(tab) => void navigate({ search: tab === "overview" ? {} : { tab }, replace: true })}
				tabs={[
					{ value: "overview", label: "Overview", content: () => <Overview stack={stack} /> },
					{
						value: "edit",
						label: handle.dirty ? "Edit (not saved)" : "Edit",
						shown: mayWrite,
						content: () => <Edit saved={stack} handle={handle} />,
					},
					{ value: "rendered", label: "Rendered", content: () => <Rendered stack={stack} /> },
					{
						value: "instances",
						label: "Instances",
						content: () => (
							<InstanceTable
								of={{ stack: stack.id }}
								wish={search}
								onWish={(change) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true })}
							/>
						),
					},
					{ value: "drift", label: "Drift", content: () => <Drift stack={stack} unsaved={handle.dirty} /> },
					{ value: "runs", label: "Runs", content: () => <Runs stack={stack} /> },
				]}
			/>
		</Page>
	);
}

function Actions({ stack, unsaved, onDeleted }: { stack: Stack; unsaved: boolean; onDeleted: () => void }) {
	const permitted = usePermitted();
	const form = useDrawer();
	const [action, setAction] = useState<StartAction>("plan");
	const [deleting, askDelete] = useDisclosure();
	const mayDeploy = permitted("stacks:deploy");
	const mayWrite = permitted("stacks:write");
	const busy = stack.state === "deploying" || stack.state === "deleting";
	const open = (chosen: StartAction) => {
		setAction(chosen);
		form.open();
	};
	return (
		<>
			{busy && stack.last_run_id !== null && permitted("runs:read") && (
				<ButtonLink to="/runs/$id" params={{ id: stack.last_run_id }} variant="default">
					See the run
				</ButtonLink>
			)}
			{mayDeploy && stack.services.length > 0 && (
				<>
					<Button variant="default" onClick={() => open("plan")}>
						Plan
					</Button>
					<Button disabled={busy} title={busy ? "A run is at work on it" : undefined} onClick={() => open("deploy")}>
						Deploy
					</Button>
				</>
			)}
			{(mayWrite || (mayDeploy && stack.services.length > 0)) && (
				<MoreActions>
					{mayDeploy && stack.services.length > 0 && (
						<Menu.Item leftSection={<Icon name="ok" size={14} />} onClick={() => open("validate")}>
							Validate
						</Menu.Item>
					)}
					{mayDeploy && stack.services.length > 0 && (
						<Menu.Item disabled={busy} leftSection={<Icon name="minus" size={14} />} onClick={() => open("remove")}>
							Remove from devices
						</Menu.Item>
					)}
					{mayWrite && (
						<Menu.Item
							color="red"
							disabled={busy}
							leftSection={<Icon name="trash" size={14} />}
							onClick={askDelete.open}
						>
							Delete the stack
						</Menu.Item>
					)}
				</MoreActions>
			)}
			{mayDeploy && (
				<StartForm
					key={form.key}
					stack={stack}
					action={action}
					unsaved={unsaved}
					opened={form.opened}
					onClose={form.close}
				/>
			)}
			{mayWrite && <DeleteStack stack={stack} opened={deleting} onClose={askDelete.close} onDeleted={onDeleted} />}
		</>
	);
}

/** Says what stays on devices, and deletes the stack all the same. */
function DeleteStack({
	stack,
	opened,
	onClose,
	onDeleted,
}: {
	stack: Stack;
	opened: boolean;
	onClose: () => void;
	onDeleted: () => void;
}) {
	const api = useApi();
	const name = visibleLine(stack.name);
	const stands = stack.state !== "pending";
	const remove = useMutation({
		mutationFn: () =>
			api.config.deleteStack({
				params: { id: stack.id },
				query: { keep_configuration: stands ? "true" : "false" },
			}),
		onSuccess: onDeleted,
		onError: (error) => {
			onClose();
			toastProblem(error);
		},
	});
	return (
		<Confirm
			opened={opened}
			title={`Delete ${name}?`}
			action={stands ? "Delete it, leave the devices as they are" : "Delete the stack"}
			{...(stands && { typed: stack.name })}
			busy={remove.isPending}
			onConfirm={() => remove.mutate()}
			onClose={onClose}
		>
			{stands
				? "What it brought stays on its devices, and NetConductor forgets that it did: it will neither compare nor remove it any more. To take it away, choose “Remove from devices” first."
				: "Nothing of it stands on devices. Its definition goes; its runs stay in the history."}
		</Confirm>
	);
}
