<?php
/**
 * Everything that changes messages.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Does operations of many users and threads as one transaction, each with its own outcome.
 *
 * One call of the chat server carries up to 200 of them, so whatever can be asked or written for all at once is: who may, who has
 * sent what before, the messages, the receipts. A single REST call is a batch of one. The outcome is as if the operations were done
 * one after the other in their order, with one exception: messages in the answers are shown as they are at the end.
 */
final class Batch {

	/** How many operations one call may have. */
	public const MOST = 200;

	private string $now = '';

	/** Roles by "thread:user". @var array<string, string> */
	private array $roles = array();

	/** Rows of messages that operations name, locked; by id. @var array<int, object> */
	private array $rows = array();

	/** The messages that each operation's answer shows; by the operation's index. @var array<int, int[]> */
	private array $shown = array();

	/** The first message that each later send stored, by thread and the send's index. @var array<int, array<int, int>> */
	private array $sent = array();

	/** Messages that were stored just now without files: nobody can have reacted to them yet. @var int[] */
	private array $bare = array();

	/** Paths of files that are deleted once everything is committed. @var string[] */
	private array $files = array();

	/**
	 * Takes operations.
	 *
	 * @param Operation[] $operations In their order.
	 */
	private function __construct( private array $operations ) {}

	/**
	 * Does operations; each has its outcome afterwards, and everything that is not refused is committed.
	 *
	 * @param Operation[] $operations In their order.
	 * @throws Database_Failure When the database fails; nothing is stored then.
	 */
	public static function run( array $operations ): void {
		$batch = new self( array_values( $operations ) );
		$limit = Options::rate_limit();
		People::load( array_map( static fn( Operation $operation ): int => $operation->user_id, $operations ) );
		Database::transaction(
			static function () use ( $batch, $limit ): void {
				$batch->work( $limit );
			}
		);
		Attachments::delete_files( $batch->files );
		$batch->tell();
	}

	/**
	 * Does everything; called again from the beginning when the transaction lost against another one.
	 *
	 * @param int $limit Messages in 60 seconds.
	 */
	private function work( int $limit ): void {
		$this->now   = Clock::now();
		$this->shown = array();
		$this->sent  = array();
		$this->bare  = array();
		$this->files = array();
		foreach ( $this->operations as $operation ) {
			$operation->start();
		}
		$this->lock();
		$this->check_access();
		$this->send( $limit );
		$this->deliver();
		$this->read();
		$this->change();
		$this->answer();
	}

	/**
	 * The operations of some kinds that are still to be done, by index.
	 *
	 * @param string ...$kinds The kinds; none: all.
	 * @return array<int, Operation>
	 */
	private function open( string ...$kinds ): array {
		return array_filter( $this->operations, static fn( Operation $operation ): bool => $operation->is_open() && ( ! $kinds || in_array( $operation->kind, $kinds, true ) ) );
	}

	/**
	 * Locks the threads that are written to or read and the messages that are named, in the order that every transaction keeps.
	 *
	 * The transaction's view of the database begins with the first query after this. Whether everybody has read a message is seen right
	 * only by those who have waited for the others who read in the thread; otherwise two who read at once would each miss the other.
	 */
	private function lock(): void {
		$threads  = array();
		$messages = array();
		foreach ( $this->open() as $operation ) {
			if ( in_array( $operation->kind, array( 'send', 'read' ), true ) ) {
				$threads[ $operation->thread_id ] = $operation->thread_id;
			}
			if ( $operation->message_id > 0 ) {
				$messages[ $operation->message_id ] = $operation->message_id;
			} else {
				foreach ( $operation->message_ids ?? array() as $id ) {
					$messages[ $id ] = $id;
				}
			}
		}
		if ( $threads ) {
			Threads::lock( array_values( $threads ) );
		}
		$this->rows = $messages ? Messages::find( array_values( $messages ), true ) : array();
	}

	/**
	 * Refuses what users may not do in these threads.
	 */
	private function check_access(): void {
		$pairs = array();
		foreach ( $this->open() as $operation ) {
			$pairs[ "$operation->thread_id:$operation->user_id" ] = array( $operation->thread_id, $operation->user_id );
		}
		$this->roles = Threads::roles( $pairs );
		$may_chat    = array();
		foreach ( $this->open() as $operation ) {
			$user                = $operation->user_id;
			$may_chat[ $user ] ??= People::may_chat( $user );
			$role                = $this->roles[ "$operation->thread_id:$user" ] ?? null;
			if ( ! $may_chat[ $user ] || ( null === $role && ! ( 'delete' === $operation->kind && People::may_moderate( $user ) ) ) ) {
				$operation->refusal = Refusal::thread();
			} elseif ( 'send' === $operation->kind && 'system' === $operation->content_type && ! People::may_moderate( $user ) ) {
				$operation->refusal = new Refusal( 'rest_cannot_send_system', __( 'Sorry, you are not allowed to send system messages.', 'chatpulse' ), 403 );
			}
		}
	}

	/**
	 * Stores the messages.
	 *
	 * @param int $limit Messages in 60 seconds.
	 */
	private function send( int $limit ): void {
		$sends = $this->open( 'send' );
		if ( ! $sends ) {
			return;
		}
		$stored = Messages::stored_before( array_filter( $sends, static fn( Operation $send ): bool => null !== $send->client_id ) );
		$rate   = new Rate_Limit( array_values( array_unique( array_map( static fn( Operation $send ): int => $send->user_id, $sends ) ) ), $limit );
		$files  = array_merge( array(), ...array_map( static fn( Operation $send ): array => $send->attachment_ids, array_values( $sends ) ) );
		$files  = $files ? Attachments::waiting( $files ) : array();
		$new    = array();
		$same   = array();
		foreach ( $sends as $index => $send ) {
			$once = null === $send->client_id ? null : $send->once_key();
			if ( null !== $once && isset( $stored[ $once ] ) ) {
				$this->sent_before( $index, $stored[ $once ] );
				continue;
			}
			if ( null !== $once && isset( $same[ $once ] ) ) {
				// The same client id twice in one batch.
				$same[ $once ][] = $index;
				continue;
			}
			try {
				foreach ( $send->attachment_ids as $file ) {
					if ( ( $files[ $file ] ?? null ) !== $send->user_id ) {
						throw Refusal::invalid( 'attachment_ids' );
					}
				}
				$rate->take( $send->user_id );
				// Each file travels once.
				$files = array_diff_key( $files, array_flip( $send->attachment_ids ) );
			} catch ( Refusal $refusal ) {
				$send->refusal = $refusal;
				continue;
			}
			$new[ $index ] = $send;
			if ( null !== $once ) {
				$same[ $once ] = array();
			}
		}
		if ( $new ) {
			$this->insert( $new );
		}
		foreach ( $same as $once => $indexes ) {
			foreach ( $indexes as $index ) {
				$this->repeat( $index, $new, (string) $once );
			}
		}
		$threads = array();
		foreach ( $new as $index => $send ) {
			if ( $send->is_open() && 201 === $send->status ) {
				$threads[ $send->thread_id ]              = $send->thread_id;
				$this->sent[ $send->thread_id ][ $index ] = $this->shown[ $index ][0];
				if ( $send->attachment_ids ) {
					Attachments::give( $this->shown[ $index ][0], $send->attachment_ids );
				} else {
					$this->bare[] = $this->shown[ $index ][0];
				}
			}
		}
		if ( $threads ) {
			Threads::touch( array_values( $threads ), $this->now );
		}
	}

	/**
	 * Stores new messages with as few statements as possible, and one by one where that fails, so that only what cannot be stored fails.
	 *
	 * @param array<int, Operation> $new By index.
	 */
	private function insert( array $new ): void {
		if ( count( $new ) > 1 ) {
			Database::run( 'SAVEPOINT chatpulse_sends' );
			try {
				foreach ( array_combine( array_keys( $new ), Messages::insert( $new ) ) as $index => $id ) {
					$this->sent_now( $index, $id );
				}
				return;
			} catch ( Database_Failure $failure ) {
				if ( $failure->ended_transaction() ) {
					throw $failure;
				}
				Database::run( 'ROLLBACK TO SAVEPOINT chatpulse_sends' );
			}
		}
		foreach ( $new as $index => $send ) {
			try {
				$this->sent_now( $index, Messages::insert( array( $send ) )[0] );
			} catch ( Database_Failure $failure ) {
				if ( $failure->ended_transaction() ) {
					throw $failure;
				}
				$before = Database_Failure::DUPLICATE === $failure->number ? Messages::stored_before( array( $send ), true ) : array();
				if ( $before ) {
					$this->sent_before( $index, current( $before ) );
				} else {
					$send->refusal = Database_Failure::PARENT_IS_GONE === $failure->number ? Refusal::thread() : $failure->to_refusal();
				}
			}
		}
	}

	/**
	 * Gives a send the outcome of the one before it that has the same client id.
	 *
	 * @param int                   $index The later one.
	 * @param array<int, Operation> $new   The ones that were stored.
	 * @param string                $once  Their key.
	 */
	private function repeat( int $index, array $new, string $once ): void {
		foreach ( $new as $first => $send ) {
			if ( null === $send->client_id || $send->once_key() !== $once ) {
				continue;
			}
			if ( $send->is_open() ) {
				$this->sent_before( $index, $this->shown[ $first ][0] );
			} else {
				$this->operations[ $index ]->refusal = $send->refusal;
			}
			return;
		}
	}

	/**
	 * The outcome of a send that was stored.
	 *
	 * @param int $index The send.
	 * @param int $id    The message.
	 */
	private function sent_now( int $index, int $id ): void {
		$this->operations[ $index ]->status = 201;
		$this->operations[ $index ]->body   = array( 'already_stored' => false );
		$this->shown[ $index ]              = array( $id );
	}

	/**
	 * The outcome of a send that is a repeat.
	 *
	 * @param int $index The send.
	 * @param int $id    The message that is there.
	 */
	private function sent_before( int $index, int $id ): void {
		$this->operations[ $index ]->status = 200;
		$this->operations[ $index ]->body   = array( 'already_stored' => true );
		$this->shown[ $index ]              = array( $id );
	}

	/**
	 * Stores what has arrived. A message's first arrival changes its status, and that operation answers it.
	 */
	private function deliver(): void {
		$pairs   = array();
		$changed = array();
		foreach ( $this->open( 'deliver' ) as $index => $operation ) {
			$this->shown[ $index ] = array();
			foreach ( $operation->message_ids ?? array() as $id ) {
				$row = $this->rows[ $id ] ?? null;
				if ( ! $row || (int) $row->thread_id !== $operation->thread_id || ! self::is_for( $row, $operation ) ) {
					continue;
				}
				$pairs[ "$id:$operation->user_id" ] = array( $id, $operation->user_id );
				if ( 'sent' === $row->status && ! isset( $changed[ $id ] ) ) {
					$changed[ $id ]          = $id;
					$this->shown[ $index ][] = $id;
				}
			}
		}
		if ( $pairs ) {
			Receipts::store( array_values( $pairs ), false, $this->now );
		}
		if ( $changed ) {
			Receipts::advance( array_values( $changed ), 'delivered' );
		}
	}

	/**
	 * Stores what was read.
	 */
	private function read(): void {
		$wanted = array();
		foreach ( $this->open( 'read' ) as $index => $operation ) {
			if ( null === $operation->message_ids ) {
				$wanted[ $index ] = Receipts::unread_ids( $operation->thread_id, $operation->user_id, $this->next_sent( $operation->thread_id, $index ) );
				Messages::lock( $wanted[ $index ] );
				continue;
			}
			$known = array_filter( $operation->message_ids, fn( int $id ): bool => isset( $this->rows[ $id ] ) && (int) $this->rows[ $id ]->thread_id === $operation->thread_id );
			if ( ! $operation->lenient && count( $known ) !== count( $operation->message_ids ) ) {
				$operation->refusal = Refusal::message();
				continue;
			}
			$wanted[ $index ] = array_filter( $known, fn( int $id ): bool => self::is_for( $this->rows[ $id ], $operation ) );
		}

		$pairs = array();
		foreach ( $wanted as $index => $ids ) {
			$user = $this->operations[ $index ]->user_id;
			foreach ( $ids as $id ) {
				$pairs[ "$id:$user" ] = array( $id, $user );
			}
		}
		$done = Receipts::read_already( $pairs );
		$new  = array();
		$last = array();
		foreach ( $wanted as $index => $ids ) {
			$user     = $this->operations[ $index ]->user_id;
			$receipts = array();
			foreach ( $ids as $id ) {
				if ( isset( $done[ "$id:$user" ] ) ) {
					continue;
				}
				$done[ "$id:$user" ] = true;
				$new[]               = array( $id, $user );
				$last[ $id ]         = $index;
				$receipts[]          = array(
					'message_id'  => $id,
					'read_at'     => $this->now,
					'read_at_gmt' => Clock::iso( $this->now ),
				);
			}
			usort( $receipts, static fn( array $one, array $other ): int => $one['message_id'] <=> $other['message_id'] );
			$this->operations[ $index ]->body = array( 'receipts' => $receipts );
			$this->shown[ $index ]            = array();
		}
		if ( ! $last ) {
			return;
		}
		Receipts::store( $new, true, $this->now );
		$all = Receipts::read_by_all( array_keys( $last ) );
		Receipts::advance( $all, 'read' );
		sort( $all );
		foreach ( $all as $id ) {
			$this->shown[ $last[ $id ] ][] = $id;
		}
	}

	/**
	 * Whether a message is one that the user can receive: somebody else's, and not deleted.
	 *
	 * @param object    $row       The message.
	 * @param Operation $operation Of the user.
	 */
	private static function is_for( object $row, Operation $operation ): bool {
		return (int) $row->sender_id !== $operation->user_id && null === $row->deleted_at;
	}

	/**
	 * The first message that a later send of this batch stored in a thread: who reads "all" has not seen that one.
	 *
	 * @param int $thread_id The thread.
	 * @param int $index     The reading operation.
	 */
	private function next_sent( int $thread_id, int $index ): ?int {
		$later = array_filter( $this->sent[ $thread_id ] ?? array(), static fn( int $send ): bool => $send > $index, ARRAY_FILTER_USE_KEY );
		return $later ? min( $later ) : null;
	}

	/**
	 * Edits, deletes and reacts, one after the other: they are rare.
	 */
	private function change(): void {
		foreach ( $this->open( 'edit', 'delete', 'react' ) as $index => $operation ) {
			$row = $this->rows[ $operation->message_id ] ?? null;
			try {
				if ( ! $row || (int) $row->thread_id !== $operation->thread_id ) {
					throw Refusal::message();
				}
				match ( $operation->kind ) {
					'edit'   => $this->edit( $operation, $row ),
					'delete' => $this->delete( $operation, $row ),
					'react'  => $this->react( $operation, $row ),
				};
				$this->shown[ $index ] = array( $operation->message_id );
			} catch ( Refusal $refusal ) {
				$operation->refusal = $refusal;
			}
		}
	}

	/**
	 * Gives a message new content.
	 *
	 * @param Operation $operation What is wanted.
	 * @param object    $row       The message.
	 * @throws Refusal When the user may not, the message is deleted, or nothing of the content is left.
	 */
	private function edit( Operation $operation, object $row ): void {
		if ( null !== $row->deleted_at ) {
			throw Refusal::message();
		}
		if ( (int) $row->sender_id !== $operation->user_id ) {
			throw self::not_yours();
		}
		Messages::edit( (int) $row->id, Messages::clean( $operation->content, $row->content_type ) );
	}

	/**
	 * Deletes a message: its author may, and who moderates the site or the thread.
	 *
	 * @param Operation $operation What is wanted.
	 * @param object    $row       The message.
	 * @throws Refusal When the user may not.
	 */
	private function delete( Operation $operation, object $row ): void {
		$role = $this->roles[ "$operation->thread_id:$operation->user_id" ] ?? 'member';
		if ( (int) $row->sender_id !== $operation->user_id && 'member' === $role && ! People::may_moderate( $operation->user_id ) ) {
			throw self::not_yours();
		}
		array_push( $this->files, ...Messages::delete( (int) $row->id ) );
		$row->deleted_at = $this->now;
	}

	/**
	 * Puts an emoji on a message, or takes it away.
	 *
	 * @param Operation $operation What is wanted.
	 * @param object    $row       The message.
	 * @throws Refusal When the message is deleted, or has too many.
	 */
	private function react( Operation $operation, object $row ): void {
		if ( null !== $row->deleted_at ) {
			throw Refusal::message();
		}
		if ( $operation->remove ) {
			Reactions::remove( (int) $row->id, $operation->user_id, $operation->emoji );
		} else {
			Reactions::add( (int) $row->id, $operation->user_id, $operation->emoji, $this->now );
		}
	}

	/**
	 * The refusal of a change to somebody else's message.
	 */
	private static function not_yours(): Refusal {
		return new Refusal( 'rest_cannot_edit_message', __( 'Sorry, you are not allowed to change this message.', 'chatpulse' ), 403 );
	}

	/**
	 * Puts the messages into the answers, read together.
	 */
	private function answer(): void {
		$ids = array_merge( array(), ...array_values( $this->shown ) );
		if ( ! $ids ) {
			$shapes = array();
		} else {
			$shapes = Messages::shape( Messages::find( array_values( array_unique( $ids ) ) ), $this->bare );
		}
		foreach ( $this->shown as $index => $shown ) {
			$operation = $this->operations[ $index ];
			if ( ! $operation->is_open() ) {
				continue;
			}
			$messages        = array_values( array_intersect_key( $shapes, array_flip( $shown ) ) );
			$operation->body = match ( $operation->kind ) {
				'deliver' => array( 'messages' => $messages ),
				'read'    => $operation->body + array( 'read_by_all' => $messages ),
				default   => array( 'message' => $messages[0] ) + $operation->body,
			};
		}
	}

	/**
	 * Tells other plugins what was stored.
	 */
	private function tell(): void {
		if ( ! has_action( 'chatpulse_message_stored' ) ) {
			return;
		}
		foreach ( $this->open( 'send' ) as $operation ) {
			if ( 201 === $operation->status ) {
				/**
				 * A message was stored and committed.
				 *
				 * @param array $message The message, as the REST API shows it.
				 */
				do_action( 'chatpulse_message_stored', $operation->body['message'] );
			}
		}
	}
}
