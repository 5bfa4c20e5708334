/** Placeholders for content: empty, loading, not allowed, failed, stale. */
import type {ReactNode} from 'react';
import type {ApiError} from '../api/api-error.ts';
import type {LiveResource} from '../api/use-resource.ts';
import {Button} from './button.tsx';
import {Icon, type IconName} from './icon.tsx';
import styles from './states.module.css';
import {Time} from './time.tsx';
import {VisuallyHidden} from './visually-hidden.tsx';

export interface EmptyStateProps {
  readonly title: string;
  /** How to get content here. */
  readonly children?: ReactNode;
  readonly icon?: IconName;
  readonly actions?: ReactNode;
}

export function EmptyState({title, children, icon, actions}: EmptyStateProps) {
  return (
    <div className={styles.state}>
      {icon !== undefined && (
        <span className={styles.icon}>
          <Icon name={icon} size={22} />
        </span>
      )}
      <p className={styles.title}>{title}</p>
      {children !== undefined && <div className={styles.text}>{children}</div>}
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}

/** A skeleton of the content. */
export function Loading({lines = 6, label = 'Loading…'}: {readonly lines?: number; readonly label?: string}) {
  return (
    <div className={styles.loading} role="status">
      <VisuallyHidden>{label}</VisuallyHidden>
      {Array.from({length: lines}, (_, line) => (
        // Skeleton lines have no identity.
        <div key={line} className={styles.line} aria-hidden="true">
          <span className={styles.bone} />
          <span className={styles.bone} />
          <span className={styles.bone} />
        </div>
      ))}
    </div>
  );
}

/** The key is valid but lacks a scope. */
export function NotAllowed({error}: {readonly error: ApiError}) {
  const {scope} = error.context;
  return (
    <EmptyState title="Your key does not allow this" icon="lock">
      {typeof scope === 'string' ? (
        <>
          It needs the scope <code>{scope}</code>.
        </>
      ) : (
        error.message
      )}
    </EmptyState>
  );
}

export function Failed({
  error,
  onRetry,
}: {
  readonly error: ApiError;
  readonly onRetry?: (() => void) | undefined;
}) {
  return (
    <div role="alert">
      <EmptyState
        title={error.status === 404 ? 'Not found' : 'Loading failed'}
        icon="alert"
        actions={onRetry !== undefined && <Button onPress={onRetry}>Try again</Button>}
      >
        {error.message}
        {error.requestId !== undefined && (
          <p>
            Details are in the gateway’s log under <code>{error.requestId}</code>.
          </p>
        )}
      </EmptyState>
    </div>
  );
}

/** Shown above content that could not be refreshed. */
export function Stale({error, at}: {readonly error: ApiError; readonly at: number}) {
  return (
    <div className={styles.stale} role="status">
      <Icon name="alert" />
      <span>
        {error.message} Last updated <Time at={at} />.
      </span>
    </div>
  );
}

export interface ResourceViewProps<T> {
  readonly resource: LiveResource<T>;
  readonly children: (data: T) => ReactNode;
  /** @default six lines */
  readonly loading?: ReactNode;
}

/** The four states of a resource. The caller renders only the data. */
export function ResourceView<T>({resource, children, loading = <Loading />}: ResourceViewProps<T>) {
  switch (resource.state) {
    case 'loading':
      return loading;
    case 'forbidden':
      return <NotAllowed error={resource.error} />;
    case 'failed':
      return <Failed error={resource.error} onRetry={resource.reload} />;
    case 'ready':
      return (
        <>
          {resource.stale !== undefined && <Stale error={resource.stale} at={resource.at} />}
          {children(resource.data)}
        </>
      );
  }
}
