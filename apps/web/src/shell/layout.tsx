import { AppShell, Burger, Group, NavLink, Stack, Text, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Link, Outlet, useLocation, useMatches, useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useRef } from "react";
import { Icon } from "../ui/icon.tsx";
import { latestRun } from "../ui/latest-run.ts";
import { FindButton } from "./find-button.tsx";
import { useKeyList } from "./keys.ts";
import { LazyKeyHelp } from "./lazy-key-help.tsx";
import { LazyPalette } from "./lazy-palette.tsx";
import { LazyUserMenu } from "./lazy-user-menu.tsx";
import { LiveState } from "./live-state.tsx";
import { NotPermitted } from "./not-permitted.tsx";
import { useLiveChanges } from "./use-live-changes.ts";
import { useMenu } from "./use-menu.ts";
import { useOpenPages } from "./use-open-pages.ts";

/** Frame of all pages of somebody signed in. */
export function Layout() {
	const [opened, { toggle, close }] = useDisclosure();

	const navigate = useNavigate();
	const { pathname } = useLocation();
	const menu = useMenu();
	const facts = useMatches({ select: (matches) => matches.at(-1)?.staticData }) ?? {};
	const isOpen = useOpenPages();
	const live = useLiveChanges();
	useKeyList(
		useMemo(
			() => [
				{
					keys: "/",
					does: "To the search field",
					group: "Anywhere",
					run: () => document.querySelector<HTMLInputElement>("[data-search]")?.focus(),
				},
				{
					keys: "w",
					does: "Watch the run that you started last",
					group: "Anywhere",
					run: () => {
						const id = latestRun();
						if (id !== undefined) void navigate({ to: "/runs/$id", params: { id } });
					},
				},
				...menu.flatMap(({ pages }) =>
					pages.flatMap(({ to, label, key }) =>
						key === undefined
							? []
							: [{ keys: `g ${key}`, does: label, group: "Go to", run: () => void navigate({ to }) }],
					),
				),
			],
			[menu, navigate],
		),
	);
	// biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes whenever the page changes
	useEffect(close, [pathname]);
	const shown = useRef(pathname);
	useEffect(() => {
		if (shown.current === pathname) return;
		shown.current = pathname;
		// Tab begins with the new page, not where the link to it stood; a page may have given the focus to a field of its own.
		const main = document.getElementById("main");
		const { activeElement } = document;
		if (activeElement instanceof HTMLInputElement && main?.contains(activeElement)) return;
		main?.focus({ preventScroll: true });
	}, [pathname]);
	const isWithin = (to: string) => (to === "/" ? pathname === "/" : pathname === to || pathname.startsWith(`${to}/`));
	// Of pages that are within one another the innermost is the one.
	const here = menu
		.flatMap(({ pages }) => pages.map(({ to }) => to))
		.filter(isWithin)
		.reduce((longest, to) => (to.length > longest.length ? to : longest), "");
	return (
		<>
			<a href="#main" className="nc-skip">
				Skip to content
			</a>
			<AppShell
				header={{ height: 48 }}
				navbar={{ width: 208, breakpoint: "sm", collapsed: { mobile: !opened } }}
				padding={{ base: "xs", sm: "md" }}
			>
				<AppShell.Header>
					<Group h="100%" px="sm" gap="sm" wrap="nowrap" justify="space-between">
						<Group gap="xs" wrap="nowrap">
							<Burger
								opened={opened}
								onClick={toggle}
								hiddenFrom="sm"
								size="sm"
								aria-label={opened ? "Close the menu" : "Open the menu"}
							/>
							<UnstyledButton component={Link} to="/" aria-label="NetConductor, start page">
								<Group gap={8} wrap="nowrap">
									<img src="/favicon.svg" alt="" width={24} height={24} />
									<Text fw={650} visibleFrom="sm">
										NetConductor
									</Text>
								</Group>
							</UnstyledButton>
						</Group>
						<Group gap="sm" wrap="nowrap" style={{ minWidth: 0 }}>
							<LiveState state={live} />
							<FindButton />
							<LazyUserMenu />
						</Group>
					</Group>
				</AppShell.Header>
				<AppShell.Navbar aria-label="Main">
					<Stack gap={2} p="xs" style={{ overflowY: "auto" }}>
						{menu.map(({ section, pages }) => (
							<section key={section} aria-label={section} className="nc-menu-section">
								<div className="nc-menu-head" aria-hidden="true">
									{section}
								</div>
								{pages.map(({ to, label, icon, beside: Beside }) => (
									<NavLink
										className="nc-menu-link"
										key={to}
										component={Link}
										to={to}
										// The router takes every page above for active, too.
										activeOptions={{ exact: true, includeSearch: false }}
										label={label}
										active={to === here}
										{...(to === here && { "aria-current": "page" })}
										leftSection={<Icon name={icon} />}
										rightSection={Beside && <Beside />}
									/>
								))}
							</section>
						))}
						<NavLink
							className="nc-menu-link"
							href="/api/docs/"
							target="_blank"
							rel="noreferrer"
							label="API docs"
							leftSection={<Icon name="book" />}
							rightSection={<Icon name="external" size={12} />}
						/>
					</Stack>
				</AppShell.Navbar>
				<AppShell.Main id="main" tabIndex={-1}>
					{isOpen(facts) ? <Outlet /> : <NotPermitted {...facts} />}
				</AppShell.Main>
			</AppShell>
			<LazyPalette />
			<LazyKeyHelp />
		</>
	);
}
