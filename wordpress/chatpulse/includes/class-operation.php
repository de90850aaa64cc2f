<?php
/**
 * One operation of a batch.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * What one user wants done to one thread, and what came of it. Made of what a caller sent; what is wrong with that is its outcome.
 */
final class Operation {

	/** How many messages one operation may name. */
	public const IDS = 1000;

	public readonly string $kind;
	public readonly int $user_id;
	public readonly int $thread_id;

	/** Of a send; null where the client gave none. */
	public readonly ?string $client_id;

	/** Of a send or edit; clean. */
	public string $content = '';

	/** Of a send. */
	public string $content_type = 'text/plain';

	/** Of a send. @var int[] */
	public array $attachment_ids = array();

	/** Of an edit, delete or react. */
	public int $message_id = 0;

	/** Of a read or deliver; null: all of the thread. @var int[]|null */
	public ?array $message_ids = null;

	/** Of a read: whether an id that is not in the thread is passed over; otherwise it refuses the operation. */
	public bool $lenient = false;

	/** Of a react. */
	public string $emoji = '';

	/** Of a react: whether the emoji is taken away. */
	public bool $remove = false;

	/** The outcome: the HTTP status. */
	public int $status = 200;

	/** The outcome: the answer, where it is not refused. @var array<string, mixed> */
	public array $body = array();

	/** The outcome: why not; null where it was done. */
	public ?Refusal $refusal = null;

	/** What was wrong with what the caller sent; it stays when the batch is done again. */
	private ?Refusal $flaw = null;

	/**
	 * Reads an operation.
	 *
	 * @param mixed $given What the caller sent.
	 */
	public function __construct( mixed $given ) {
		$given           = is_array( $given ) ? $given : array();
		$this->kind      = is_string( $given['op'] ?? null ) ? $given['op'] : '';
		$this->user_id   = Ids::of( $given['user'] ?? null ) ?? 0;
		$this->thread_id = Ids::of( $given['thread_id'] ?? null ) ?? 0;
		$client_id       = $given['client_id'] ?? null;
		$this->client_id = Messages::is_client_id( $client_id ) ? $client_id : null;
		try {
			if ( 0 === $this->user_id ) {
				throw Refusal::invalid( 'user' );
			}
			if ( 0 === $this->thread_id ) {
				throw Refusal::invalid( 'thread_id' );
			}
			if ( null !== $client_id && null === $this->client_id ) {
				throw Refusal::invalid( 'client_id' );
			}
			match ( $this->kind ) {
				'send'           => $this->read_send( $given ),
				'read'           => $this->read_ids( $given, true ),
				'deliver'        => $this->read_ids( $given, false ),
				'edit'           => $this->read_edit( $given ),
				'delete'         => $this->read_message_id( $given ),
				'react'          => $this->read_reaction( $given ),
				default          => throw Refusal::invalid( 'op' ),
			};
		} catch ( Refusal $refusal ) {
			$this->flaw = $refusal;
		}
		$this->start();
	}

	/**
	 * Forgets an outcome, before the operation is done, or done again.
	 */
	public function start(): void {
		$this->status  = 200;
		$this->body    = array();
		$this->refusal = $this->flaw;
	}

	/**
	 * Whether it is still to be done.
	 */
	public function is_open(): bool {
		return null === $this->refusal;
	}

	/**
	 * What is stored once only, where it has a client id.
	 */
	public function once_key(): string {
		return self::key_of( $this->thread_id, $this->user_id, (string) $this->client_id );
	}

	/**
	 * What is stored once only.
	 *
	 * @param int    $thread_id The thread.
	 * @param int    $user_id   The sender.
	 * @param string $client_id The client's id.
	 */
	public static function key_of( int $thread_id, int $user_id, string $client_id ): string {
		return "$thread_id:$user_id:$client_id";
	}

	/**
	 * The outcome as the batch answers it.
	 *
	 * @return array<string, mixed>
	 */
	public function result(): array {
		$result = array( 'status' => $this->refusal ? $this->refusal->status : $this->status );
		if ( null !== $this->client_id ) {
			$result['client_id'] = $this->client_id;
		}
		$result['body'] = $this->refusal ? $this->refusal->to_body() : $this->body;
		return $result;
	}

	/**
	 * Reads the fields of a send.
	 *
	 * @param array<string, mixed> $given What the caller sent.
	 * @throws Refusal When a field is wrong.
	 */
	private function read_send( array $given ): void {
		$type = $given['content_type'] ?? 'text/plain';
		if ( ! in_array( $type, Messages::CONTENT_TYPES, true ) ) {
			throw Refusal::invalid( 'content_type' );
		}
		if ( ! Messages::is_content( $given['content'] ?? null ) ) {
			throw Refusal::invalid( 'content' );
		}
		$this->content_type   = $type;
		$this->attachment_ids = Ids::list_of( $given['attachment_ids'] ?? array(), Attachments::PER_MESSAGE ) ?? throw Refusal::invalid( 'attachment_ids' );
		$this->content        = Messages::clean( $given['content'], $type );
	}

	/**
	 * Reads the fields of a read or deliver.
	 *
	 * @param array<string, mixed> $given What the caller sent.
	 * @param bool                 $all   Whether null stands for all.
	 * @throws Refusal When a field is wrong.
	 */
	private function read_ids( array $given, bool $all ): void {
		$ids = $given['message_ids'] ?? null;
		if ( null !== $ids || ! $all ) {
			$this->message_ids = Ids::list_of( $ids, self::IDS ) ?? throw Refusal::invalid( 'message_ids' );
		}
		$this->lenient = true === ( $given['lenient'] ?? false );
	}

	/**
	 * Reads the fields of an edit.
	 *
	 * @param array<string, mixed> $given What the caller sent.
	 * @throws Refusal When a field is wrong.
	 */
	private function read_edit( array $given ): void {
		$this->read_message_id( $given );
		if ( ! Messages::is_content( $given['content'] ?? null ) ) {
			throw Refusal::invalid( 'content' );
		}
		// It is cleaned when the message's content type is known.
		$this->content = $given['content'];
	}

	/**
	 * Reads the fields of a reaction.
	 *
	 * @param array<string, mixed> $given What the caller sent.
	 * @throws Refusal When a field is wrong.
	 */
	private function read_reaction( array $given ): void {
		$this->read_message_id( $given );
		if ( ! Reactions::is_emoji( $given['emoji'] ?? null ) ) {
			throw Refusal::invalid( 'emoji' );
		}
		if ( ! is_bool( $given['remove'] ?? false ) ) {
			throw Refusal::invalid( 'remove' );
		}
		$this->emoji  = $given['emoji'];
		$this->remove = $given['remove'] ?? false;
	}

	/**
	 * Reads the message that is meant.
	 *
	 * @param array<string, mixed> $given What the caller sent.
	 * @throws Refusal When it is no id.
	 */
	private function read_message_id( array $given ): void {
		$this->message_id = Ids::of( $given['message_id'] ?? null ) ?? throw Refusal::invalid( 'message_id' );
	}
}
