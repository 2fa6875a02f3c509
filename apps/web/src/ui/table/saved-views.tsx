import { Button, Checkbox, Drawer, Group, Menu, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { NewView, type SavedView } from "@netconductor/contracts/auth/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useLocation, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useApi, useMe, usePermitted } from "../../api/context.tsx";
import { Empty } from "../empty.tsx";
import { FormDrawer } from "../form/form-drawer.tsx";
import { useContractForm } from "../form/use-contract-form.ts";
import { Icon } from "../icon.tsx";
import { ProblemAlert } from "../problem.tsx";
import { toastDone, toastProblem } from "../toast.tsx";
import style from "./saved-views.module.css";
import { withoutPage } from "./view-search.ts";

/**
 * Filters and order of a list under names: one's own and those that others share.
 * @param page names the list: "devices"
 */
export function SavedViews({ page }: { page: string }) {
	const api = useApi();
	const navigate = useNavigate();
	const me = useMe();
	const { pathname, searchStr } = useLocation();
	const [saving, save] = useDisclosure();
	const [managing, manage] = useDisclosure();
	const now = withoutPage(searchStr);
	const list = useQuery({
		queryKey: ["views", page],
		queryFn: ({ signal }) => api.auth.listViews({ query: { of_page: page, page_size: 500 } }, { signal }),
	});
	const views = list.data?.items ?? [];
	const shown = views.find(({ search }) => withoutPage(search) === now);
	const mayBeSaved = now !== "" && shown === undefined;
	const parts = [
		{ label: "Mine", views: views.filter(({ owner_id }) => owner_id === me.user.id) },
		{ label: "Shared by others", views: views.filter(({ owner_id }) => owner_id !== me.user.id) },
	];

	return (
		<>
			<Menu position="bottom-end">
				<Menu.Target>
					<Button variant="subtle" color="gray" leftSection={<Icon name="bookmark" size={14} />}>
						<span className={style.name}>{shown === undefined ? "Views" : visibleLine(shown.name)}</span>
					</Button>
				</Menu.Target>
				<Menu.Dropdown mah={460} style={{ overflowY: "auto" }} maw={320}>
					{list.isSuccess && views.length === 0 && (
						<Menu.Label>No views yet. Set filters, then save them here under a name.</Menu.Label>
					)}
					{list.isError && <Menu.Label>The saved views could not be read</Menu.Label>}
					{parts.map(
						({ label, views: some }) =>
							some.length > 0 && (
								<div key={label}>
									<Menu.Label>{label}</Menu.Label>
									{some.map((view) => (
										<Menu.Item
											key={view.id}
											aria-current={view === shown || undefined}
											leftSection={view === shown ? <Icon name="ok" size={14} /> : <span style={{ width: 14 }} />}
											rightSection={<span className="nc-small nc-dim">{besideOf(view, me.user.id)}</span>}
											onClick={() => void navigate({ href: `${pathname}?${view.search}` })}
										>
											{visibleLine(view.name)}
										</Menu.Item>
									))}
								</div>
							),
					)}
					<Menu.Divider />
					<Menu.Item
						leftSection={<Icon name="plus" size={14} />}
						// Not disabled: the keyboard needs one item at least that takes the focus.
						aria-disabled={!mayBeSaved || undefined}
						data-disabled={!mayBeSaved || undefined}
						closeMenuOnClick={mayBeSaved}
						{...(mayBeSaved && { onClick: save.open })}
					>
						{now === ""
							? "Save as a view: set filters first"
							: shown === undefined
								? "Save as a view"
								: "Saved as a view"}
					</Menu.Item>
					{views.length > 0 && (
						<Menu.Item leftSection={<Icon name="settings" size={14} />} onClick={manage.open}>
							Rename, share, delete
						</Menu.Item>
					)}
				</Menu.Dropdown>
			</Menu>
			<SaveView page={page} search={now} opened={saving} onClose={save.close} />
			<Drawer opened={managing} onClose={manage.close} title="Saved views" position="right" size={520} padding="md">
				{list.isError && <ProblemAlert error={list.error} onRetry={() => list.refetch()} />}
				{views.length === 0 && <Empty title="No views are left" />}
				<Stack gap="md">
					{views.map((view) => (
						<ManagedView key={view.id} view={view} now={now} />
					))}
				</Stack>
			</Drawer>
		</>
	);
}

function besideOf({ owner, owner_id, shared }: SavedView, me: string): string {
	if (owner_id !== me) return visibleLine(owner);
	return shared ? "shared" : "";
}

function SaveView({
	page,
	search,
	opened,
	onClose,
}: {
	page: string;
	search: string;
	opened: boolean;
	onClose: () => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const form = useContractForm({
		initial: { name: "", shared: false },
		schema: NewView,
		toBody: ({ name, shared }) => ({ page, search, name: name.trim(), shared }),
		send: (body) => api.auth.createView({ body }),
		about: { "views.name_taken": "name" },
		onDone: ({ name }) => {
			void queries.invalidateQueries({ queryKey: ["views"] });
			toastDone(`The view ${visibleLine(name)} is saved`);
			close();
		},
	});
	function close() {
		form.reset();
		onClose();
	}
	return (
		<FormDrawer opened={opened} onClose={close} title="Save as a view" action="Save view" form={form}>
			<TextInput label="Name" withAsterisk data-autofocus maxLength={100} {...form.field("name")} />
			<Checkbox label="Everybody sees it" {...form.field("shared", { type: "checkbox" })} />
			<Text size="xs" c="dimmed">
				Keeps the filters and the order as they are now. The address of the page can be sent to somebody as well.
			</Text>
		</FormDrawer>
	);
}

/** One view with what its owner may do to it. */
function ManagedView({ view, now }: { view: SavedView; now: string }) {
	const api = useApi();
	const queries = useQueryClient();
	const me = useMe();
	const permitted = usePermitted();
	const [name, setName] = useState<string>();
	const [asking, ask] = useDisclosure();
	const mayChange = view.owner_id === me.user.id || (view.shared && permitted("settings:write"));
	const onDone = () => void queries.invalidateQueries({ queryKey: ["views"] });
	const params = { id: view.id };
	const change = useMutation({
		mutationFn: (body: { name?: string; shared?: boolean; search?: string }) => api.auth.updateView({ params, body }),
		onSuccess: () => {
			setName(undefined);
			onDone();
		},
		onError: toastProblem,
	});
	const remove = useMutation({
		mutationFn: () => api.auth.deleteView({ params }),
		onSuccess: onDone,
		onError: toastProblem,
	});
	function rename(event: FormEvent) {
		event.preventDefault();
		change.mutate({ name: name?.trim() ?? view.name });
	}
	const shown = visibleLine(view.name);
	return (
		<section aria-label={shown} className={style.managed}>
			{name === undefined ? (
				<Group justify="space-between" gap="xs" wrap="nowrap">
					<Text size="sm" fw={550} className="nc-break">
						{shown}
					</Text>
					<span className="nc-small nc-dim">{mayChange ? "" : `of ${visibleLine(view.owner)}`}</span>
				</Group>
			) : (
				<form onSubmit={rename}>
					<Group gap="xs" wrap="nowrap">
						<TextInput
							aria-label={`New name of ${shown}`}
							size="xs"
							style={{ flex: 1 }}
							maxLength={100}
							autoFocus
							value={name}
							onChange={({ currentTarget }) => setName(currentTarget.value)}
						/>
						<Button type="submit" disabled={name.trim() === ""} loading={change.isPending}>
							Rename
						</Button>
						<Button variant="default" onClick={() => setName(undefined)}>
							Cancel
						</Button>
					</Group>
				</form>
			)}
			{mayChange && !asking && (
				<Group gap="xs" mt={4}>
					<Switch
						size="xs"
						label="Everybody sees it"
						checked={view.shared}
						disabled={change.isPending}
						onChange={({ currentTarget }) => change.mutate({ shared: currentTarget.checked })}
					/>
					{name === undefined && (
						<Button variant="subtle" aria-label={`Rename ${shown}`} onClick={() => setName(view.name)}>
							Rename
						</Button>
					)}
					{now !== "" && now !== withoutPage(view.search) && (
						<Button variant="subtle" onClick={() => change.mutate({ search: now })}>
							Take what is shown now
						</Button>
					)}
					<Button variant="subtle" color="red" aria-label={`Delete ${shown}`} onClick={ask.open}>
						Delete
					</Button>
				</Group>
			)}
			{asking && (
				<Group gap="xs" mt={4} role="alert">
					<Text size="xs">{view.shared ? "It is gone for everybody." : "It cannot be brought back."}</Text>
					<Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
						Delete the view
					</Button>
					<Button variant="default" onClick={ask.close}>
						Leave it
					</Button>
				</Group>
			)}
		</section>
	);
}
