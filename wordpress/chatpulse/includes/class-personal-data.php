<?php
/**
 * Tools → Export Personal Data and Erase Personal Data.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * What the chat knows of a person, handed out or deleted page by page, so that no request has to do it all.
 *
 * Erasing deletes what the person wrote, attached, reacted with and has read. The conversations, and that the person takes part in
 * them, stay: they are the others' conversations too.
 */
final class Personal_Data {

	/** So many rows of each kind are handled in one request. */
	public const PAGE = 200;

	/**
	 * Hooks in.
	 */
	public static function register(): void {
		add_filter( 'wp_privacy_personal_data_exporters', array( self::class, 'add_exporter' ) );
		add_filter( 'wp_privacy_personal_data_erasers', array( self::class, 'add_eraser' ) );
		add_action( 'admin_init', array( self::class, 'suggest_policy' ) );
	}

	/**
	 * Adds the exporter.
	 *
	 * @param array<string, array<string, mixed>> $exporters The others.
	 * @return array<string, array<string, mixed>>
	 */
	public static function add_exporter( array $exporters ): array {
		$exporters['chatpulse'] = array(
			'exporter_friendly_name' => __( 'Chatpulse', 'chatpulse' ),
			'callback'               => array( self::class, 'export' ),
		);
		return $exporters;
	}

	/**
	 * Adds the eraser.
	 *
	 * @param array<string, array<string, mixed>> $erasers The others.
	 * @return array<string, array<string, mixed>>
	 */
	public static function add_eraser( array $erasers ): array {
		$erasers['chatpulse'] = array(
			'eraser_friendly_name' => __( 'Chatpulse', 'chatpulse' ),
			'callback'             => array( self::class, 'erase' ),
		);
		return $erasers;
	}

	/**
	 * Suggests what the site's privacy policy should say.
	 */
	public static function suggest_policy(): void {
		$paragraphs = array(
			__( 'When you use the chat, this site stores the messages you write, the files you attach, your reactions, the conversations you take part in, and which messages you have received and read, with the times of all of these. The other people of a conversation see them together with your display name, and see whether you are online and when you are typing.', 'chatpulse' ),
			__( 'Messages pass through a chat server, which we run or have run for us. It learns your user number, your display name and your network address while you are connected.', 'chatpulse' ),
			__( 'Messages are kept until they are deleted. You can ask for a copy of what you wrote, and for its deletion; the conversations themselves and what others wrote to you remain.', 'chatpulse' ),
		);
		wp_add_privacy_policy_content(
			__( 'Chatpulse', 'chatpulse' ),
			'<p class="privacy-policy-tutorial">' . esc_html__( 'Say who runs your chat server and where, and how long you keep messages if you delete them after a time.', 'chatpulse' ) . '</p><p>' .
				implode( '</p><p>', array_map( 'esc_html', $paragraphs ) ) . '</p>'
		);
	}

	/**
	 * One page of what is known of a person.
	 *
	 * @param string $email The person's address.
	 * @param int    $page  From 1.
	 * @return array{data: array<int, array<string, mixed>>, done: bool}
	 */
	public static function export( string $email, int $page = 1 ): array {
		$user = get_user_by( 'email', $email );
		if ( ! $user ) {
			return array(
				'data' => array(),
				'done' => true,
			);
		}
		$data = array();
		$done = true;
		foreach ( self::kinds() as $kind => $select ) {
			$rows = self::rows( $select['sql'], $user->ID, ( max( 1, $page ) - 1 ) * self::PAGE );
			$done = $done && count( $rows ) < self::PAGE;
			foreach ( $rows as $row ) {
				$data[] = array(
					'group_id'    => 'chatpulse-' . $kind,
					'group_label' => $select['label'],
					'item_id'     => "chatpulse-$kind-{$row['id']}",
					'data'        => self::named( array_diff_key( $row, array( 'id' => true ) ), $select['names'] ),
				);
			}
		}
		return array(
			'data' => $data,
			'done' => $done,
		);
	}

	/**
	 * Deletes one page of what a person wrote and did.
	 *
	 * @param string $email The person's address.
	 * @param int    $page  From 1; what was erased is gone, so the next page begins where this one ended.
	 * @return array{items_removed: bool, items_retained: bool, messages: string[], done: bool}
	 */
	public static function erase( string $email, int $page = 1 ): array {
		unset( $page );
		$user   = get_user_by( 'email', $email );
		$answer = array(
			'items_removed'  => false,
			'items_retained' => false,
			'messages'       => array(),
			'done'           => true,
		);
		if ( ! $user ) {
			return $answer;
		}

		$erased = Erasure::messages_of( $user->ID, self::PAGE );
		// Messages first, page by page; the rest goes with the last of them.
		$answer['items_removed'] = $erased > 0;
		$answer['done']          = $erased < self::PAGE;
		if ( ! $answer['done'] ) {
			return $answer;
		}
		$answer['items_removed'] = Erasure::traces_of( $user->ID ) > 0 || $answer['items_removed'];

		$threads = self::count_threads( $user->ID );
		if ( $threads > 0 ) {
			$answer['items_retained'] = true;
			$answer['messages'][]     = sprintf(
				/* translators: %d: a number. */
				_n( 'The chat keeps %d conversation, with the fact that this person takes part in it: it belongs to the others too.', 'The chat keeps %d conversations, with the fact that this person takes part in them: they belong to the others too.', $threads, 'chatpulse' ),
				$threads
			);
		}
		return $answer;
	}

	/**
	 * What is exported: a statement for each kind (with the user, the number of rows and the first as its values) and the names of its columns.
	 *
	 * @return array<string, array{label: string, sql: string, names: array<string, string>}>
	 */
	private static function kinds(): array {
		list( $threads, $participants, $messages, $attachments, $receipts, $reactions ) = array_map(
			array( Schema::class, 'table' ),
			array( 'threads', 'participants', 'messages', 'attachments', 'receipts', 'reactions' )
		);

		$time = __( 'Time', 'chatpulse' );
		return array(
			'threads'     => array(
				'label' => __( 'Conversations', 'chatpulse' ),
				'sql'   => "SELECT t.id, t.id AS thread, t.title, p.role, p.joined_at AS time FROM $participants p JOIN $threads t ON t.id = p.thread_id WHERE p.user_id = %d ORDER BY p.id LIMIT %d OFFSET %d",
				'names' => array(
					'thread' => __( 'Conversation', 'chatpulse' ),
					'title'  => __( 'Title', 'chatpulse' ),
					'role'   => __( 'Role', 'chatpulse' ),
					'time'   => $time,
				),
			),
			'messages'    => array(
				'label' => __( 'Chat messages', 'chatpulse' ),
				'sql'   => "SELECT id, thread_id AS thread, content, created_at AS time FROM $messages WHERE sender_id = %d AND deleted_at IS NULL ORDER BY id LIMIT %d OFFSET %d",
				'names' => array(
					'thread'  => __( 'Conversation', 'chatpulse' ),
					'content' => __( 'Message', 'chatpulse' ),
					'time'    => $time,
				),
			),
			'attachments' => array(
				'label' => __( 'Chat attachments', 'chatpulse' ),
				'sql'   => "SELECT a.id, a.original_name AS name, a.mime_type AS type, a.file_size AS size, a.created_at AS time FROM $attachments a LEFT JOIN $messages m ON m.id = a.message_id WHERE COALESCE(m.sender_id, a.uploader_id) = %d ORDER BY a.id LIMIT %d OFFSET %d",
				'names' => array(
					'name' => __( 'File', 'chatpulse' ),
					'type' => __( 'Type', 'chatpulse' ),
					'size' => __( 'Bytes', 'chatpulse' ),
					'time' => $time,
				),
			),
			'reactions'   => array(
				'label' => __( 'Chat reactions', 'chatpulse' ),
				'sql'   => "SELECT id, message_id AS message, emoji, created_at AS time FROM $reactions WHERE user_id = %d ORDER BY id LIMIT %d OFFSET %d",
				'names' => array(
					'message' => __( 'Number of the message', 'chatpulse' ),
					'emoji'   => __( 'Reaction', 'chatpulse' ),
					'time'    => $time,
				),
			),
			'receipts'    => array(
				'label' => __( 'Chat read receipts', 'chatpulse' ),
				'sql'   => "SELECT id, message_id AS message, delivered_at AS delivered, read_at AS time FROM $receipts WHERE user_id = %d ORDER BY id LIMIT %d OFFSET %d",
				'names' => array(
					'message'   => __( 'Number of the message', 'chatpulse' ),
					'delivered' => __( 'Delivered', 'chatpulse' ),
					'time'      => __( 'Read', 'chatpulse' ),
				),
			),
		);
	}

	/**
	 * Runs a statement of kinds().
	 *
	 * @param string $sql     The statement.
	 * @param int    $user_id The user.
	 * @param int    $offset  Rows before the first.
	 * @return array<int, array<string, string|null>>
	 */
	private static function rows( string $sql, int $user_id, int $offset ): array {
		global $wpdb;
		// phpcs:ignore WordPress.DB.PreparedSQL.NotPrepared -- prepared here; the statement itself is ours.
		return $wpdb->get_results( $wpdb->prepare( $sql, $user_id, self::PAGE, $offset ), ARRAY_A );
	}

	/**
	 * A row as the export wants it. WordPress allows some HTML in it, so what people wrote is made text here.
	 *
	 * @param array<string, string|null> $row   Columns and values.
	 * @param array<string, string>      $names The columns' names.
	 * @return array<int, array{name: string, value: string}>
	 */
	private static function named( array $row, array $names ): array {
		$data = array();
		foreach ( $row as $column => $value ) {
			if ( null !== $value && '' !== $value ) {
				$data[] = array(
					'name'  => $names[ $column ],
					// Messages are stored with their special characters as entities.
					'value' => esc_html( 'content' === $column ? wp_specialchars_decode( $value, ENT_QUOTES ) : $value ),
				);
			}
		}
		return $data;
	}

	/**
	 * How many conversations a user takes part in.
	 *
	 * @param int $user_id The user.
	 */
	private static function count_threads( int $user_id ): int {
		global $wpdb;
		// phpcs:ignore WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- a table name of ours.
		return (int) $wpdb->get_var( $wpdb->prepare( 'SELECT COUNT(*) FROM ' . Schema::table( 'participants' ) . ' WHERE user_id = %d', $user_id ) );
	}
}
