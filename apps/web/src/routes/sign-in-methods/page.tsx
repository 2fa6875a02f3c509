import { Button, Menu } from "@mantine/core";
import type { LoginMethod } from "@netconductor/contracts/auth/login-methods";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute } from "@tanstack/react-router";
import { useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Empty } from "../../ui/empty.tsx";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { Icon } from "../../ui/icon.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Page } from "../../ui/page.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import { LdapForm } from "./ldap-form.tsx";
import { MethodTable, moveButtonId } from "./method-table.tsx";
import { OidcForm } from "./oidc-form.tsx";
import { TestDrawer } from "./test-drawer.tsx";

export const route = createLazyRoute("/signed-in/framed/sign-in-methods")({ component: SignInMethodsPage });

/** What the form is for: a new one of a kind, or one that is there. */
type Form = "ldap" | "active_directory" | "oidc" | LoginMethod;
const listKey = ["login_methods", "all"];

function SignInMethodsPage() {
	const api = useApi();
	const queries = useQueryClient();
	const mayWrite = usePermitted()("login_methods:write");
	const drawer = useDrawer();
	const [form, setForm] = useState<Form>("ldap");
	const [testing, setTesting] = useState<LoginMethod>();
	const [disabling, setDisabling] = useState<LoginMethod>();
	const [removing, setRemoving] = useState<LoginMethod>();
	const [said, setSaid] = useState("");
	const list = useQuery({
		queryKey: listKey,
		queryFn: ({ signal }) => api.auth.listLoginMethods({}, { signal }),
	});
	const readAgain = () => queries.invalidateQueries({ queryKey: ["login_methods"] });
	const enable = useMutation({
		mutationFn: ({ id, kind, enabled }: LoginMethod) =>
			api.auth.updateLoginMethod({ params: { id }, body: { kind, enabled: !enabled } }),
		onSuccess: ({ name, enabled }) => {
			toastDone(`${visibleLine(name)} is switched ${enabled ? "on" : "off"}`);
			void readAgain();
		},
		onError: toastProblem,
		onSettled: () => setDisabling(undefined),
	});
	const remove = useMutation({
		mutationFn: ({ id }: LoginMethod) => api.auth.deleteLoginMethod({ params: { id } }),
		onSuccess: (_, { name }) => {
			toastDone(`${visibleLine(name)} is deleted`);
			void readAgain();
		},
		onError: toastProblem,
		onSettled: () => setRemoving(undefined),
	});
	const move = useMutation({
		mutationFn: async ({ method, by }: { method: LoginMethod; by: -1 | 1 }) => {
			const ids = (await api.auth.listLoginMethods({})).map(({ id }) => id);
			const from = ids.indexOf(method.id);
			const other = ids[from + by];
			if (from === -1 || other === undefined) return undefined;
			return api.auth.orderLoginMethods({ body: { ids: ids.with(from, other).with(from + by, method.id) } });
		},
		onSuccess: (methods, { method, by }) => {
			if (methods === undefined) return void readAgain();
			queries.setQueryData(listKey, methods);
			const place = methods.findIndex(({ id }) => id === method.id) + 1;
			setSaid(`${visibleLine(method.name)} is number ${place} of ${methods.length}`);
			requestAnimationFrame(() => document.getElementById(moveButtonId(method.id, by))?.focus());
		},
		onError: toastProblem,
	});
	const open = (what: Form) => {
		setForm(what);
		drawer.open();
	};
	const actions = {
		edit: open,
		test: setTesting,
		enable: (method: LoginMethod) => enable.mutate(method),
		disable: setDisabling,
		remove: setRemoving,
		move: (method: LoginMethod, by: -1 | 1) => move.mutate({ method, by }),
	};
	return (
		<Page title="Ways to sign in" actions={mayWrite && <AddMenu onAdd={open} />}>
			<p className="nc-small nc-dim" style={{ margin: 0 }}>
				Local users are always there, and only their own password is asked for. Anybody else is looked for in one
				directory after the other, in this order; identity providers have a button each on the sign-in page.
			</p>
			<section className="nc-panel" aria-label="Ways to sign in beside local users">
				<Loaded query={list} rows={3}>
					{(methods) =>
						methods.length === 0 ? (
							<Empty title="Only local users sign in">
								{mayWrite
									? "Add an LDAP directory, an Active Directory or an OpenID Connect provider. It is added switched off, so that it can be tested first."
									: "Whoever administers this installation may add directories and identity providers."}
							</Empty>
						) : (
							<MethodTable methods={methods} actions={mayWrite ? actions : undefined} />
						)
					}
				</Loaded>
			</section>
			<div aria-live="polite" className="nc-visually-hidden">
				{said}
			</div>
			{mayWrite && <MethodForm key={drawer.key} form={form} opened={drawer.opened} onClose={drawer.close} />}
			{testing !== undefined && <TestDrawer key={testing.id} method={testing} onClose={() => setTesting(undefined)} />}
			<Confirm
				opened={disabling !== undefined}
				title={`Switch off ${visibleLine(disabling?.name ?? "")}?`}
				action="Switch off"
				busy={enable.isPending}
				onConfirm={() => disabling !== undefined && enable.mutate(disabling)}
				onClose={() => setDisabling(undefined)}
			>
				{disabling?.users === 0
					? "Nobody has signed in by it yet."
					: `${count(disabling?.users ?? 0, "user signs", "users sign")} in by it: their sessions end at once, and they cannot sign in until it is switched on again. Nothing is deleted.`}
			</Confirm>
			<Confirm
				opened={removing !== undefined}
				title={`Delete ${visibleLine(removing?.name ?? "")}?`}
				action="Delete"
				blocked={(removing?.users ?? 0) > 0}
				busy={remove.isPending}
				onConfirm={() => removing !== undefined && remove.mutate(removing)}
				onClose={() => setRemoving(undefined)}
			>
				{(removing?.users ?? 0) > 0
					? `${count(removing?.users ?? 0, "user signs", "users sign")} in by it. Switch it off to keep them out, or delete these users first.`
					: "Its settings and its secret go with it."}
			</Confirm>
		</Page>
	);
}

function MethodForm({ form, opened, onClose }: { form: Form; opened: boolean; onClose: () => void }) {
	const method = typeof form === "string" ? undefined : form;
	if (form === "oidc" || method?.kind === "oidc") {
		return <OidcForm method={method?.kind === "oidc" ? method : undefined} opened={opened} onClose={onClose} />;
	}
	return <LdapForm method={method} activeDirectory={form === "active_directory"} opened={opened} onClose={onClose} />;
}

function AddMenu({ onAdd }: { onAdd: (kind: "ldap" | "active_directory" | "oidc") => void }) {
	return (
		<Menu position="bottom-end">
			<Menu.Target>
				<Button leftSection={<Icon name="plus" size={14} />} rightSection={<Icon name="down" size={14} />}>
					Add a way to sign in
				</Button>
			</Menu.Target>
			<Menu.Dropdown>
				<Menu.Item onClick={() => onAdd("ldap")}>LDAP directory</Menu.Item>
				<Menu.Item onClick={() => onAdd("active_directory")}>Active Directory</Menu.Item>
				<Menu.Item onClick={() => onAdd("oidc")}>OpenID Connect provider</Menu.Item>
			</Menu.Dropdown>
		</Menu>
	);
}
